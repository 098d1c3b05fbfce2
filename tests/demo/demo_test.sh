#!/usr/bin/env bash
# demo_test.sh DEMO CERTFERRY: the demo that the README shows works, and ends with a report that exists.
set -euo pipefail
output=$("$1" "$2")
printf '%s\n' "$output"
report=$(sed -n 's|^The report: file://||p' <<<"$output")
work=$(dirname "$report")
trap 'rm -rf "$work"' EXIT

fail() { echo "demo_test: $*" >&2; exit 1; }
[ -s "$report" ] || fail "no report at '$report'"
grep -q 'www.litwareinc.com' "$report" || fail "the report does not name the certificate"
key=$(find "$work/home/certificates" -name privkey.pem)
[ "$(stat -c %a "$key")" = 600 ] || fail "$key is readable by others"
openssl pkey -in "$key" -pubout | cmp - <(openssl pkey -in "$work/www.key" -pubout) || fail "the stored key is another one"
served=$work/home/live/WebServicesExternal/current/fullchain.pem
openssl x509 -in "$served" -noout -fingerprint -sha256 | cmp - <(openssl x509 -in "$work/www.pem" -noout -fingerprint -sha256) ||
  fail "$served does not begin with the certificate"
if grep -rqF "$(cat "$work/www.password")" "$work/home" "$report"; then fail "the password was kept"; fi
