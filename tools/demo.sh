#!/usr/bin/env bash
# tools/demo.sh CERTFERRY: makes a CA and a PFX as an administrator's CA would (with openssl), imports it, assigns it, and
# shows what is where. Everything happens in a temporary folder, which is left for a look; nothing is opened.
set -euo pipefail
certferry=$(realpath "$1")
work=$(mktemp -d /tmp/certferry-demo.XXXXXX)
cd "$work"
export CERTFERRY_HOME=$work/home

step() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
# Shows a command as one would type it, then runs it.
run() {
  local line
  printf -v line ' %q' "$@"
  printf '$%s\n' "$line"
  case $1 in certferry) shift; "$certferry" "$@" ;; *) "$@" ;; esac
}
# request NAME SUBJECT: NAME.key and NAME.csr
request() { openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null; }
# issue NAME CA DAYS EXTENSION...: signs NAME.csr with CA (itself when equal) into NAME.pem
issue() {
  local name=$1 ca=$2 days=$3 signer
  shift 3
  printf '%s\n' "$@" subjectKeyIdentifier=hash >"$name.ext"
  if [ "$ca" = "$name" ]; then signer=(-signkey "$ca.key"); else signer=(-CA "$ca.pem" -CAkey "$ca.key" -CAcreateserial); fi
  openssl x509 -req -in "$name.csr" "${signer[@]}" -days "$days" -sha256 -extfile "$name.ext" -out "$name.pem" 2>/dev/null
}

step "A CA with an intermediate, a certificate for www.litwareinc.com, and its PFX, made with openssl"
request root "/O=Litware, Inc./CN=Litware Root CA"
issue root root 3650 "basicConstraints=critical,CA:TRUE" "keyUsage=critical,keyCertSign,cRLSign"
request issuing "/O=Litware, Inc./CN=Litware Issuing CA 1"
issue issuing root 1825 "basicConstraints=critical,CA:TRUE,pathlen:0" "keyUsage=critical,keyCertSign,cRLSign" \
  "authorityKeyIdentifier=keyid"
request www "/CN=www.litwareinc.com"
issue www issuing 90 "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature,keyEncipherment" \
  "extendedKeyUsage=serverAuth" "authorityKeyIdentifier=keyid" "subjectAltName=DNS:www.litwareinc.com,DNS:litwareinc.com"
(umask 077 && openssl rand -hex 12 >www.password)
openssl pkcs12 -export -inkey www.key -in www.pem -certfile issuing.pem -passout file:www.password -out www.pfx
ls -l www.pfx root.pem

step "Import: it is explained, validated and stored, and is available to be assigned"
run certferry import www.pfx --password-file www.password --trust root.pem --report report.html

step "Assign it to a role"
thumbprint=$(openssl x509 -in www.pem -noout -fingerprint -sha1 | sed 's/.*=//; s/://g')
run certferry set --type WebServicesExternal --thumbprint "${thumbprint:0:8}" --trust root.pem

step "What is assigned on this computer"
run certferry get

step "What lies where: the key is readable by its owner alone"
find home -mindepth 1 \( -type l -printf '%M %P -> %l\n' \) -o -printf '%M %P\n' | LC_ALL=C sort -k2

step "The same import again changes nothing"
run certferry import www.pfx --password-file www.password --trust root.pem

printf '\nThe report: file://%s/report.html\n' "$work"
