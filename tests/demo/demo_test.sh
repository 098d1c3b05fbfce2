#!/usr/bin/env bash
# demo_test.sh DEMO CERTFERRY: the demo that the README shows works, its nginx ends with the next certificate, and its reports exist.
set -euo pipefail
output=$("$1" "$2")
printf '%s\n' "$output"
report=$(sed -n 's|^The report: file://||p' <<<"$output")
work=$(dirname "$report")
trap 'rm -rf "$work"' EXIT

fail() { echo "demo_test: $*" >&2; exit 1; }
[ -s "$report" ] || fail "no report at '$report'"
grep -q 'www.litwareinc.com' "$report" || fail "the report does not name the certificate"
rolled_back=$work/rolled-back.html
[ -s "$rolled_back" ] || fail "no report at '$rolled_back'"
grep -q CF1742 "$rolled_back" || fail "the report of the rollback does not tell of it"
thumbprint() { openssl x509 -in "$work/$1.pem" -noout -fingerprint -sha1 | sed 's/.*=//; s/://g'; }
last=$(sed -n '/^\$ certferry probe/,$p' <<<"$output" | tac | sed '/^\$ certferry probe/q')
grep -q "$(thumbprint next)" <<<"$last" || fail "nginx does not serve the next certificate in the end: $last"
sha256_of() { openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f; }
key=$work/home/certificates/$(sha256_of "$work/www.pem")/privkey.pem
[ "$(stat -c %a "$key")" = 600 ] || fail "$key is readable by others"
openssl pkey -in "$key" -pubout | cmp - <(openssl pkey -in "$work/www.key" -pubout) || fail "the stored key is another one"
live=$work/home/live/WebServicesExternal/current/fullchain.pem
[ "$(sha256_of "$live")" = "$(sha256_of "$work/next.pem")" ] || fail "$live does not begin with the next certificate"
if grep -rqF "$(cat "$work/www.password")" "$work/home" "$report"; then fail "the password was kept"; fi
