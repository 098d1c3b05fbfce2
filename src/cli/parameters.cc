#include "cli/parameters.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

using enum Kind;
using enum ParameterId;

constexpr std::uint8_t kPasswordWays = 1;
constexpr std::uint8_t kCheckedFor = 2;
constexpr std::uint8_t kPrintedAs = 3;
constexpr std::uint8_t kLives = 4;

// In the order of ParameterId, so that an id is an index; a static_assert below holds it.
constexpr Parameter kParameters[] = {
    {kNone, "", "", "", "", kSwitch, "", ""},

    {kHome,
     "",
     "home",
     "",
     "",
     kFolder,
     "DIR",
     "Keeps everything below DIR instead of /var/lib/certferry.",
     {},
     0,
     kNone,
     "CERTFERRY_HOME"},
    {kJson, "", "json", "", "", kSwitch, "", "Prints one JSON object with a schema number.", {}, kPrintedAs},
    {kQuiet, "", "quiet", "", "", kSwitch, "", "Prints nothing but results and errors."},
    {kNoColor, "", "no-color", "", "", kSwitch, "", "Prints without colour, as with NO_COLOR set."},
    {kYes, "", "yes", "", "", kSwitch, "", "Answers every question with yes."},
    {kDetailedExitcode, "", "detailed-exitcode", "", "", kSwitch, "",
     "With --what-if: exits 3 when there is something to do."},
    {kHelp, "", "help", "", "", kSwitch, "", "Shows help."},
    {kVersion, "", "version", "", "", kSwitch, "", "Shows the version."},

    {kIdentity, "Identity", "identity", "", "", kScope, "SCOPE",
     "The scope: Global, site:NAME, pool:FQDN or computer:FQDN, in any case. On a computer the narrower scope wins."},
    {kPath, "Path", "path", "", "", kFile, "FILE", "The certificate file. What it is, is found out from its content."},
    {kType,
     "Type",
     "type",
     "",
     "",
     kTypes,
     "TYPES",
     "One or more uses, separated by commas, in any case; 'certferry type list' shows them.",
     {},
     kCheckedFor},
    {kConfirm, "Confirm", "confirm", "cf", "cf", kSwitch, "", "Asks before anything is changed."},
    {kEffectiveDate, "EffectiveDate", "effective-date", "EffectiveTime", "effective-time", kDate, "DATE",
     "When the certificate can first be used: RFC 3339 (2030-07-31T08:00:00+02:00), an ISO date, the locale's form or "
     "the US form (7/31/2030 8:00 AM). Without an offset it is local time. The answer shows local time and UTC."},
    {kForce, "Force", "force", "", "", kSwitch, "",
     "Hides non-fatal messages. It permits nothing: an error stays an error."},
    {kPassword,
     "Password",
     "password",
     "",
     "",
     kSecret,
     "PASSWORD",
     "The password of the file. Others can see a command line: --password-file, --password-fd, a systemd credential "
     "named certferry.password, or the prompt are better.",
     {},
     kPasswordWays},
    {kPrivateKeyExportable, "PrivateKeyExportable", "private-key-exportable", "", "", kBoolean, "BOOLEAN",
     "True: the services bound to the certificate's types, or the group certferry, may read the private key. False "
     "(default): root alone."},
    {kReport, "Report", "report", "", "", kFile, "FILE",
     "Writes the HTML log of this run to FILE and the same facts as JSON beside it; on failure too. An existing file "
     "is overwritten."},
    {kRoll,
     "Roll",
     "roll",
     "",
     "",
     kSwitch,
     "",
     "Replaces the named certificate at the effective date: both coexist until then, afterwards the old one stays as "
     "the previous one.",
     {},
     0,
     kEffectiveDate},
    {kWhatIf, "WhatIf", "what-if", "wi", "wi", kSwitch, "", "Says exactly what would happen and changes nothing."},
    {kReference, "Reference", "reference", "", "", kText, "OBJECT",
     "A certificate as Get-CsCertificate gives it: a file with what 'certferry get --json' prints, or '-' for standard "
     "input."},
    {kThumbprint, "Thumbprint", "thumbprint", "", "", kHash, "THUMBPRINT",
     "The stored certificate's thumbprint (SHA-1 or SHA-256), or a prefix that is unique."},
    {kNetportId, "NetportId", "netport-id", "", "", kText, "ID", "Reserved.", {}, 0, kNone, {}, true},
    {kPrevious, "Previous", "previous", "", "", kSwitch, "",
     "Removes the previously assigned certificate, not the current one."},

    {kNew, "New", "new", "", "", kSwitch, "", "Makes a new request."},
    {kList, "List", "list", "", "", kSwitch, "", "Lists the requests."},
    {kRetrieve, "Retrieve", "retrieve", "", "", kSwitch, "", "Fetches what the authority has issued."},
    {kClear, "Clear", "clear", "", "", kSwitch, "", "Forgets pending requests."},
    {kRequestId, "RequestId", "request-id", "", "", kText, "ID", "The request meant."},
    {kCa, "CA", "ca", "", "", kText, "CA", "The authority: the URL of an ACME directory, or a configured name."},
    {kCaAccount, "CaAccount", "ca-account", "", "", kText, "ACCOUNT", "The account at the authority."},
    {kCaPassword, "CaPassword", "ca-password", "", "", kSecret, "PASSWORD", "The password of the account."},
    {kCity, "City", "city", "", "", kText, "CITY", "The subject's locality."},
    {kClientEku, "ClientEKU", "client-eku", "", "", kBoolean, "BOOLEAN", "True: asks for clientAuth as well."},
    {kComputerFqdn, "ComputerFqdn", "computer-fqdn", "", "", kText, "FQDN", "The computer or pool the request is for."},
    {kCountry, "Country", "country", "", "", kText, "COUNTRY", "The subject's country, two letters."},
    {kDomainName, "DomainName", "domain-name", "", "", kText, "NAMES", "Further DNS names, separated by commas."},
    {kFriendlyName, "FriendlyName", "friendly-name", "", "", kText, "NAME", "A name for people."},
    {kGlobalCatalog, "GlobalCatalog", "global-catalog", "", "", kText, "FQDN", "Accepted for old scripts; not used."},
    {kGlobalSettingsDomainController, "GlobalSettingsDomainController", "global-settings-domain-controller", "", "",
     kText, "FQDN", "Accepted for old scripts; not used."},
    {kKeyAlg, "KeyAlg", "key-alg", "", "", kChoice, "ALGORITHM", "The key's algorithm.",
     "RSA|ECDH_P256|ECDH_P384|ECDH_P521"},
    {kKeySize, "KeySize", "key-size", "", "", kNumber, "BITS", "The size of an RSA key: 2048 or 4096."},
    {kOrganization, "Organization", "organization", "", "", kText, "NAME", "The subject's organization."},
    {kOu, "OU", "ou", "", "", kText, "NAME", "The subject's organizational unit."},
    {kOutput, "Output", "output", "", "", kFile, "FILE", "Writes the request to FILE; the key stays here."},
    {kState, "State", "state", "", "", kText, "STATE", "The subject's state or province."},
    {kTemplate, "Template", "template", "", "", kText, "NAME", "The authority's template."},
    {kAllSipDomain, "AllSipDomain", "all-sip-domain", "", "", kSwitch, "", "Adds every SIP domain to the names."},
    {kFilter, "Filter", "filter", "", "", kText, "WILDCARD", "Roles whose name matches."},
    {kSid, "Sid", "sid", "", "", kText, "SID", "The role with this identifier."},
    {kLocalStore, "LocalStore", "local-store", "", "", kSwitch, "", "Reads this computer's copy."},

    {kPasswordFile,
     "",
     "password-file",
     "",
     "",
     kFile,
     "FILE",
     "Reads the password from FILE; one line end at its end is not part of it.",
     {},
     kPasswordWays},
    {kPasswordFd,
     "",
     "password-fd",
     "",
     "",
     kNumber,
     "N",
     "Reads the password from file descriptor N to its end.",
     {},
     kPasswordWays},
    {kSelect, "", "select", "", "", kHash, "THUMBPRINT", "Which certificate of a file that holds several with keys."},
    {kTrust, "", "trust", "", "", kFile, "FILE", "Certificates to trust besides the system's. May be repeated."},
    {kRequireTrust, "", "require-trust", "", "", kSwitch, "",
     "Refuses a certificate whose root this computer does not trust."},
    {kAcceptIncompleteChain, "", "accept-incomplete-chain", "", "", kSwitch, "",
     "Assigns a certificate although an intermediate certificate is missing."},
    {kAcceptShortOverlap, "", "accept-short-overlap", "", "", kSwitch, "",
     "Lets a signing certificate take over although the next key has not been published long enough."},
    {kResume, "", "resume", "", "", kSwitch, "", "Goes on with an import of many files where it was interrupted."},
    {kAll, "", "all", "", "", kSwitch, "", "Lists the certificates that are only available as well."},
    {kUntrusted, "", "untrusted", "", "", kFile, "FILE",
     "Intermediate certificates to build the chain from. May be repeated."},
    {kAt, "", "at", "", "", kDate, "TIME", "Checks as if it were TIME (RFC 3339)."},
    {kPurpose, "", "purpose", "", "", kChoice, "PURPOSE", "Checks for this extended key usage.",
     "serverAuth|clientAuth|any", kCheckedFor},
    {kName, "", "name", "", "", kText, "NAME",
     "A DNS name or IP address that the certificate must cover. May be repeated."},
    {kCrl, "", "crl", "", "", kFile, "FILE", "Revocation lists to honour. May be repeated."},
    {kMaxDepth, "", "max-depth", "", "", kNumber, "N",
     "At most N intermediate certificates; self-issued ones do not count."},
    {kOnlyPath, "", "only-path", "", "", kSwitch, "",
     "Validates the path and the names alone, by the strict rules of the web, without the system's anchors."},
    {kOrigin, "", "origin", "", "", kSwitch, "", "Shows where each value comes from."},
    {kRepair, "", "repair", "", "", kSwitch, "", "Mends what can be mended without losing anything, then looks again."},
    {kOnce, "", "once", "", "", kSwitch, "", "Does what is due now, and ends.", {}, kLives},
    {kForeground, "", "foreground", "", "", kSwitch, "", "Stays, and does what is due when it is due.", {}, kLives},
    {kCsv, "", "csv", "", "", kSwitch, "", "Prints the table as comma-separated values (RFC 4180).", {}, kPrintedAs},
    {kMonitor,
     "",
     "monitor",
     "",
     "",
     kSwitch,
     "",
     "One line and an exit status for monitoring: 0 ok, 1 warning, 2 critical, 3 unknown.",
     {},
     kPrintedAs},
    {kStarttls, "", "starttls", "", "", kChoice, "PROTOCOL",
     "Speaks this protocol first, then starts TLS. Without it TLS begins at once.",
     "smtp|lmtp|imap|pop3|sieve|ldap|xmpp-client|xmpp-server|postgresql|mysql|ftp"},
    {kServerName, "", "server-name", "", "", kText, "NAME",
     "The name that the service is asked for (SNI, the domain of XMPP) in place of the host's; '' for none."},
    {kKeyKind, "", "key-kind", "", "", kChoice, "KIND",
     "Asks a service that has two certificates for the one with this kind of key.", "rsa|ecdsa"},
    {kTimeout, "", "timeout", "", "", kNumber, "SECONDS",
     "How long an address may take to answer: 10 where it is not given, at least 1."},
    {kSite, "", "site", "", "", kText, "SITE", "The site that the computer is in; '' for none."},
    {kPool, "", "pool", "", "", kText, "FQDN", "The pool that the computer is in; '' for none."},
    {kRelay, "", "relay", "", "", kText, "HOST:PORT", "A relay that the computer can reach. May be repeated."},
    {kListen, "", "listen", "", "", kText, "HOST:PORT",
     "Where to listen: [::]:7443, every address, where it is not given. May be repeated."},
    {kFingerprint, "", "fingerprint", "", "", kText, "HEX",
     "approve: what the computer that asked shows; at least its first sixteen digits."},
    {kTo, "", "to", "", "", kText, "STORE",
     "The store to move to: sqlite, or etcd://HOST:2379/NAME?ca=/PATH with what else the way there needs."},
    {kWait, "", "wait", "", "", kSwitch, "",
     "Waits until the computers of the fleet say that they have it; exit status 4 when some do not."},
    {kNewPassphraseFile, "", "new-passphrase-file", "", "", kFile, "FILE",
     "The new passphrase of the fleet's keys, in place of asking; an empty file takes it off."},
    {kUnderPassphrase, "", "passphrase", "", "", kSwitch, "",
     "init: puts the keys that sign under a passphrase, and asks for it."},
    {kKeysIn, "", "keys-in", "", "", kText, "PLACE",
     "Makes the keys in a device, which never gives them out: tpm2: or pkcs11:token=NAME (RFC 7512). Files where it is "
     "not given."},
    {kNewKeys, "", "new-keys", "", "", kSwitch, "",
     "Makes new keys; the old ones serve until the fleet knows the new ones."},
    {kExport, "", "export", "", "", kFile, "FILE", "Writes where each computer is, and what it hosts, as TOML."},
    {kImportFrom, "", "import", "", "", kFile, "FILE", "Brings the computers to where such a file says."},
    {kPrune, "", "prune", "", "", kSwitch, "",
     "--import: removes the computers that the file does not name, after a question."},
    {kIssuedBy, "", "issued-by", "", "", kText, "NAME",
     "Those below this authority: its common name, or its whole name."},
    {kKeyDigest, "", "key", "", "", kText, "SHA256",
     "Those with this public key (the digest of its SubjectPublicKeyInfo)."},
    {kWith, "", "with", "", "", kFile, "FILE", "A certificate file to be used in their place. May be repeated."},
    {kWaves, "", "waves", "", "", kText, "WAVES",
     "How many computers are to have it after each wave: 1,10%,100% where it is not given."},
    {kPause, "", "pause", "", "", kSwitch, "", "Ends after each wave; `certferry replace resume` begins the next one."},

    {kAction, "", "", "", "", kChoice, "ACTION", "What to do."},
    {kEndpoint, "", "", "", "", kText, "HOST:PORT", "The service: www.example.com:443, [2001:db8::1]:443."},
    {kTypeName, "", "", "", "", kText, "TYPE", "The type to show."},
    {kBindingName, "", "", "", "", kText, "NAME", "The binding."},
    {kSubject, "", "", "", "", kText, "FQDN|FILE", "The computer, or the file."},
    {kToken, "", "", "", "", kSecret, "TOKEN",
     "What `certferry computer add` or `certferry fleet` printed; - reads it from standard input."},
    {kLinksDirectory, "", "", "", "", kFolder, "DIR", "The directory."},
    {kTopic, "", "", "", "", kText, "COMMAND", "The command or cmdlet to explain."},
    {kShell, "", "", "", "", kChoice, "SHELL", "The shell.", "bash|zsh|fish"},
};

consteval bool in_order() {
  for (std::size_t i = 0; i < std::size(kParameters); ++i) {
    if (static_cast<std::size_t>(kParameters[i].id) != i) return false;
  }
  return std::size(kParameters) == static_cast<std::size_t>(kShell) + 1;
}
static_assert(in_order());

constexpr Use kGlobal[] = {{kHome}, {kJson}, {kQuiet}, {kNoColor}, {kYes}, {kDetailedExitcode}, {kHelp}, {kVersion}};

}  // namespace

const Parameter& parameter(ParameterId id) { return kParameters[static_cast<std::size_t>(id)]; }

std::span<const Use> global_uses() { return kGlobal; }

const Command& command(CommandId id) { return commands()[static_cast<std::size_t>(id)]; }

const Command* find_command(std::string_view name) {
  auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

const Command* find_cmdlet(std::string_view name) {
  for (const Command& each : commands()) {
    if (!each.cmdlet.empty() && equal_ignoring_case(each.cmdlet, name)) return &each;
  }
  return nullptr;
}

const Use* find_use(const Command& command, ParameterId id) {
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    auto found = std::ranges::find(uses, id, &Use::parameter);
    if (found != uses.end()) return &*found;
  }
  return nullptr;
}

std::string_view help_of(const Use& use) { return use.help.empty() ? parameter(use.parameter).help : use.help; }

std::string_view choices_of(const Use& use) {
  return use.choices.empty() ? parameter(use.parameter).choices : use.choices;
}

bool takes_value(Kind kind) { return kind != Kind::kSwitch; }

bool takes_several(const Use& use, Dialect dialect) {
  return parameter(use.parameter).kind == Kind::kTypes || use.repeat == Repeat::kBoth ||
         (use.repeat == Repeat::kNative && dialect == Dialect::kNative);
}

std::string spelled(const Parameter& parameter, Dialect dialect) {
  if (parameter.option.empty()) return std::string(parameter.value);
  if (dialect == Dialect::kCmdlet && !parameter.cmdlet.empty()) return "-" + std::string(parameter.cmdlet);
  return "--" + std::string(parameter.option);
}

std::string spelled(const Command& command, Dialect dialect) {
  if (dialect == Dialect::kCmdlet && !command.cmdlet.empty()) return std::string(command.cmdlet);
  return "certferry " + std::string(command.name);
}

std::string set_syntax(const Command& command, std::size_t set, Dialect dialect) {
  const auto bit = static_cast<std::uint8_t>(1u << set);
  std::string syntax;
  for (const Use& use : command.uses) {
    const bool mandatory = (use.mandatory & bit) != 0;
    const bool distinguishes = use.sets != kEverySet && (use.sets & bit) != 0;
    if (!mandatory && !distinguishes) continue;
    const Parameter& each = parameter(use.parameter);
    std::string text = spelled(each, dialect);
    if (!each.option.empty() && !each.value.empty()) text += " " + std::string(each.value);
    if (!syntax.empty()) syntax += ' ';
    syntax += mandatory ? text : "[" + text + "]";
  }
  return syntax;
}

}  // namespace certferry::cli
