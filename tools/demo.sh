#!/usr/bin/env bash
# tools/demo.sh CERTFERRY: makes a CA and a PFX as an administrator's CA would (with openssl), imports it, assigns it,
# shows what is where; then an nginx of its own on loopback gets it, rolls to the next one at a date, and keeps that when a
# reload does nothing. Everything happens in a temporary folder, which is left for a look; nothing is opened.
set -euo pipefail
certferry=$(realpath "$1")
work=$(mktemp -d /tmp/certferry-demo.XXXXXX)
chmod 755 "$work"
cd "$work"
agent=
stop() {
  [ -z "$agent" ] || kill "$agent" 2>/dev/null || true
  [ ! -s nginx.pid ] || kill "$(cat nginx.pid)" 2>/dev/null || true
}
trap stop EXIT
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
(umask 077 && openssl rand -hex 12 >www.password)
# server NAME DAYS: NAME.pfx, for www.litwareinc.com
server() {
  request "$1" "/CN=www.litwareinc.com"
  issue "$1" issuing "$2" "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature,keyEncipherment" \
    "extendedKeyUsage=serverAuth" "authorityKeyIdentifier=keyid" "subjectAltName=DNS:www.litwareinc.com,DNS:litwareinc.com"
  openssl pkcs12 -export -inkey "$1.key" -in "$1.pem" -certfile issuing.pem -passout file:www.password -out "$1.pfx"
}
thumbprint_of() { openssl x509 -in "$1.pem" -noout -fingerprint -sha1 | sed 's/.*=//; s/://g'; }
server www 90
ls -l www.pfx root.pem

step "Import: it is explained, validated and stored, and is available to be assigned"
run certferry import www.pfx --password-file www.password --trust root.pem --report report.html

step "Assign it to a role"
old=$(thumbprint_of www)
run certferry set --type WebServicesExternal --thumbprint "${old:0:8}" --trust root.pem

step "What is assigned on this computer"
run certferry get

step "What lies where: the key is readable by its owner alone"
find home -mindepth 1 \( -type l -printf '%M %P -> %l\n' \) -o -printf '%M %P\n' | LC_ALL=C sort -k2

step "The same import again changes nothing"
run certferry import www.pfx --password-file www.password --trust root.pem

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
folder=$CERTFERRY_HOME/services/nginx/WebServicesExternal/current
cat >nginx.conf <<END
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:$port ssl;
    ssl_certificate $folder/fullchain.pem;
    ssl_certificate_key $folder/privkey.pem;
  }
}
END
# The shipped binding is for the nginx of the machine; this one has a port and a configuration of its own.
bind() {
  sed -i "s|^port = .*|port = $port|; s|\\[\"/usr/sbin/nginx\", \"-\\([ts]\\)\"|[\"/usr/sbin/nginx\", \"-c\", \"$work/nginx.conf\", \"-\\1\"|" \
    home/bindings.d/nginx.toml
}
# The reason of a failure is what is to be seen here, not its exit code.
run_failing() { run "$@" && return 1 || printf '(exit status %s)\n' "$?"; }

step "A service: nginx gets the certificate, and is asked what it serves"
run certferry binding new nginx --type WebServicesExternal
bind
run certferry binding place nginx
run /usr/sbin/nginx -c "$work/nginx.conf"
run certferry agent --once
run certferry probe "127.0.0.1:$port" --server-name www.litwareinc.com

step "The next certificate takes over at a date, five seconds ahead: the agent flips nginx and looks at the wire"
server next 180
new=$(thumbprint_of next)
"$certferry" agent --foreground >agent.log 2>&1 &
agent=$!
until grep -q 'is ready' agent.log; do kill -0 "$agent"; sleep 0.05; done
run certferry import next.pfx --password-file www.password --trust root.pem >/dev/null
run certferry set --type WebServicesExternal --thumbprint "${new:0:8}" --trust root.pem --roll \
  --effective-date "$(date -u -d '5 seconds' +%Y-%m-%dT%H:%M:%SZ)"
run certferry roll list
for _ in $(seq 300); do
  grep -q '"verified"' home/deployments/WebServicesExternal.json && grep -q "$(openssl x509 -in next.pem -noout -fingerprint -sha256 |
    sed 's/.*=//; s/://g' | tr A-F a-f)" home/deployments/WebServicesExternal.json && break
  sleep 0.1
done
kill "$agent"
wait "$agent" || true
agent=
cat agent.log
run certferry status

step "A reload that says it worked and did nothing: seen on the wire, and rolled back"
sed -i 's|^command = .*"reload"\]|command = ["/bin/true"]|; $a [limits]\nprobe = 2' home/bindings.d/nginx.toml
server broken 200
run certferry import broken.pfx --password-file www.password --trust root.pem >/dev/null
broken=$(thumbprint_of broken)
run_failing certferry set --type WebServicesExternal --thumbprint "${broken:0:8}" --trust root.pem --report rolled-back.html
run certferry probe "127.0.0.1:$port" --server-name www.litwareinc.com

printf '\nThe report of the rollback: file://%s/rolled-back.html\n' "$work"
printf 'The report: file://%s/report.html\n' "$work"
