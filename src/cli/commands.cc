// The commands of the table in cli/parameters.h.
#include <algorithm>

#include "cli/fleet_uses.h"
#include "cli/parameters.h"
#include "cli/roll_uses.h"

namespace certferry::cli {
namespace {

using enum ParameterId;
using std::string_view;

constexpr string_view kImportSets[] = {"central", "local"};
constexpr Use kImport[] = {
    {kPath, kEverySet, kFirst | kSecond, 0, Repeat::kNative,
     "The certificate file. The native dialect takes several files, directories and globs, and imports them all."},
    {kIdentity, kFirst, kFirst, 1},
    {kType, kFirst, kFirst},
    {kPrivateKeyExportable, kSecond},
    {kEffectiveDate},
    {kRoll},
    {kPassword},
    {kReport},
    {kForce},
    {kWhatIf},
    {kConfirm},
    {kPasswordFile},
    {kPasswordFd},
    {kSelect},
    {kTrust, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kRequireTrust},
    {kAcceptIncompleteChain},
    {kAcceptShortOverlap},
    {kResume},
    {kWait},
    {kTimeout, kEverySet, 0, kNamedOnly, Repeat::kOnce, "--wait: how long at most; 600 where it is not given."},
};
constexpr Example kImportExamples[] = {
    {"certferry import web.pfx",
     "Stores the certificate on this computer, available to be assigned; asks for the password."},
    {"certferry import --path web.pfx --identity global --type Default,WebServicesExternal --password-file /root/web.password",
     "Imports and assigns it in one step, for two uses, on every computer that hosts one of them."},
    {"certferry import --path web.pfx --identity global --type Default --effective-date 2030-07-31T08:00:00+02:00 --roll --what-if",
     "Shows what a roll on that date would do, computer by computer."},
    {"certferry import --path web.pfx --identity pool:web.example.com --type WebServicesExternal --wait",
     "Assigns it, and waits until every computer of the pool says that it serves it."},
    {"certferry import /srv/certificates --password-file /root/bulk.password --resume",
     "Imports every file of a directory, and goes on where an interrupted import stopped."},
    {"Import-CsCertificate -Path /certificates/WebServer.pfx -PrivateKeyExportable '$True'",
     "The same program under the cmdlet's name; the shell needs the quotes."},
};

constexpr string_view kSetSets[] = {"reference", "thumbprint", "path"};
constexpr Use kSet[] = {
    {kReference, kFirst, kFirst},
    {kThumbprint, kSecond, kSecond},
    {kIdentity, kEverySet, kThird, 0},
    {kPath, kThird, kThird},
    {kType, kEverySet, kThird},
    {kNetportId, kFirst | kSecond},
    {kPassword, kThird},
    {kEffectiveDate},
    {kRoll},
    {kReport},
    {kForce},
    {kWhatIf},
    {kConfirm},
    {kPasswordFile, kThird},
    {kPasswordFd, kThird},
    {kSelect, kThird},
    {kTrust, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kRequireTrust},
    {kAcceptIncompleteChain},
    {kAcceptShortOverlap},
    {kWait},
    {kTimeout, kEverySet, 0, kNamedOnly, Repeat::kOnce, "--wait: how long at most; 600 where it is not given."},
};
constexpr Example kSetExamples[] = {
    {"certferry set --type WebServicesExternal --thumbprint B142918E",
     "Assigns a stored certificate on this computer."},
    {"Set-CsCertificate -Type Default, WebServicesInternal -Thumbprint B142918E463981A76503828BB1278391B7162809",
     "Assigns it for two uses."},
};

constexpr Use kGet[] = {
    {kIdentity, kEverySet, 0, 0, Repeat::kOnce, "Shows what is assigned at this scope; without it, on this computer."},
    {kType, kEverySet, 0, kNamedOnly, Repeat::kOnce, "Shows these uses only."},
    {kNetportId},
    {kReport},
    {kAll},
    {kCsv},
};
constexpr Example kGetExamples[] = {
    {"certferry get", "Shows the certificates assigned on this computer."},
    {"certferry get --all --json", "Lists every stored certificate, for programs."},
    {"certferry get --all --csv", "The same for a spreadsheet."},
    {"Get-CsCertificate -Type WebServicesInternal", "Shows one use."},
};

constexpr Use kRemove[] = {
    {kIdentity, kEverySet, 0, 0},
    {kType},
    {kNetportId},
    {kPrevious},
    {kForce, kEverySet, 0, kNamedOnly, Repeat::kOnce,
     "Hides non-fatal messages, and does not ask when the certificate is in use."},
    {kReport},
    {kWhatIf},
    {kConfirm},
};
constexpr Example kRemoveExamples[] = {
    {"certferry remove --type WebServicesExternal --what-if", "Shows what unassigning would do."},
    {"Remove-CsCertificate -Type WebServicesExternal -Force", "Unassigns without asking."},
};

constexpr string_view kRequestSets[] = {"new", "list", "retrieve", "clear"};
constexpr Use kRequest[] = {
    {kNew, kFirst, kFirst},
    {kList, kSecond, kSecond},
    {kRetrieve, kThird, kThird},
    {kClear, kFourth, kFourth},
    {kType, kFirst, kFirst},
    {kRequestId, kSecond | kThird | kFourth},
    {kCa, kFirst},
    {kCaAccount, kFirst},
    {kCaPassword, kFirst},
    {kCity, kFirst},
    {kClientEku, kFirst},
    {kComputerFqdn, kFirst},
    {kCountry, kFirst},
    {kDomainName, kFirst},
    {kFriendlyName, kFirst},
    {kGlobalCatalog, kFirst},
    {kGlobalSettingsDomainController, kFirst},
    {kKeyAlg, kFirst},
    {kKeySize, kFirst},
    {kOrganization, kFirst},
    {kOu, kFirst},
    {kOutput, kFirst},
    {kPrivateKeyExportable, kFirst},
    {kState, kFirst},
    {kTemplate, kFirst},
    {kAllSipDomain, kFirst},
    {kForce},
    {kReport},
    {kWhatIf},
    {kConfirm},
};

constexpr Use kInspect[] = {
    {kPath, kEverySet, kFirst, 0, Repeat::kOnce, "The file to explain."},
    {kPassword},
    {kPasswordFile},
    {kPasswordFd},
    {kReport},
};
constexpr Example kInspectExamples[] = {
    {"certferry inspect web.pfx", "Explains what the file is, how it is protected and what it holds."},
    {"certferry inspect web.pfx --password-file /root/web.password --json", "The same for programs."},
};

constexpr Use kCheck[] = {
    {kPath, kEverySet, kFirst, 0, Repeat::kOnce, "The file to check."},
    {kTrust, kEverySet, 0, kNamedOnly, Repeat::kBoth,
     "Certificates to trust, also when they are not self-signed. May be repeated."},
    {kUntrusted, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kAt},
    {kType, kEverySet, 0, kNamedOnly, Repeat::kOnce, "Checks for these uses; not together with --purpose."},
    {kPurpose},
    {kName, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kCrl, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kMaxDepth},
    {kOnlyPath},
    {kPassword},
    {kPasswordFile},
    {kPasswordFd},
    {kReport},
};
constexpr Example kCheckExamples[] = {
    {"certferry check web.pem --type WebServicesExternal --name www.example.com", "Checks it for a use and a name."},
    {"certferry check web.pem --trust corporate-root.pem --at 2030-07-31T00:00:00Z", "Checks it as of a later day."},
};

constexpr Use kType_[] = {{kAction, kEverySet, 0, 0, Repeat::kOnce, "list (default) or show.", "list|show"},
                          {kTypeName, kEverySet, 0, 1}};
constexpr Example kTypeExamples[] = {{"certferry type list", "Lists the types with what they are for."},
                                     {"certferry type show OAuthTokenIssuer", "Shows what is checked for a type."}};

constexpr Use kConfig[] = {{kAction, kEverySet, 0, 0, Repeat::kOnce, "show (default).", "show"}, {kOrigin}};
constexpr Example kConfigExamples[] = {
    {"certferry config show --origin", "Shows each setting and where it comes from."}};

constexpr Use kBinding_[] = {{kAction, kEverySet, 0, 0, Repeat::kOnce,
                              "list (default), detect, show, new, place or test.", "list|detect|show|new|place|test"},
                             {kBindingName, kEverySet, 0, 1},
                             {kType, kEverySet, 0, kNamedOnly, Repeat::kOnce, "The uses that a new binding takes."}};
constexpr Example kBindingExamples[] = {
    {"certferry binding detect", "Shows the services that are installed here and can be bound."},
    {"certferry binding new nginx --type WebServicesExternal", "Makes a binding from the built-in pattern."},
    {"certferry binding place nginx", "Puts the first files where nginx's configuration shall name them."},
    {"certferry binding test nginx", "Has nginx test its configuration, and shows what it serves."}};

constexpr Use kStatus_[] = {{kCsv}, {kMonitor}, {kReport}};
constexpr Example kStatusExamples[] = {
    {"certferry status", "Shows each use, with what is left of its certificate's life."},
    {"certferry status --monitor", "One line and an exit status, as Nagios, Icinga and others want it."}};

constexpr Use kAgent_[] = {{kOnce}, {kForeground}};
constexpr Example kAgentExamples[] = {{"certferry agent --once", "Does what is due now."},
                                      {"certferry agent --foreground", "Stays; what a systemd unit runs."}};

constexpr Use kDoctor[] = {{kRepair}};
constexpr Example kDoctorExamples[] = {
    {"certferry doctor", "Looks at everything and changes nothing."},
    {"certferry doctor --repair", "Sets access rights right, and brings what is live to the store."}};

constexpr string_view kProbeSets[] = {"one", "all"};
constexpr Use kProbe_[] = {
    {kEndpoint, kFirst, kFirst, 0},
    {kAll, kSecond, kSecond, kNamedOnly, Repeat::kOnce, "Asks every connection that a binding of this computer names."},
    {kStarttls, kFirst},
    {kServerName, kFirst},
    {kKeyKind, kFirst},
    {kTimeout, kFirst},
    {kReport},
};
constexpr Example kProbeExamples[] = {
    {"certferry probe www.example.com:443", "Shows the certificate that each of its addresses serves."},
    {"certferry probe mail.example.com:25 --starttls smtp --json", "A mail server's, for programs."},
    {"certferry probe 192.0.2.1:443 --server-name www.example.com --key-kind ecdsa",
     "One address, asked for a name, and for the ECDSA certificate of two."},
    {"certferry probe --all", "Asks every connection that a binding of this computer names."},
};

constexpr Use kAudit[] = {{kAction, kEverySet, 0, 0, Repeat::kOnce, "list (default) or verify.", "list|verify"}};
constexpr Example kAuditExamples[] = {{"certferry audit", "Lists what was changed, by whom and when."},
                                      {"certferry audit verify", "Proves that no record was changed or left out."}};

constexpr Use kLinks[] = {{kLinksDirectory, kEverySet, kFirst, 0, Repeat::kOnce, "Where to make the links."}};
constexpr Example kLinksExamples[] = {
    {"certferry links /usr/local/bin", "Makes Import-CsCertificate and its siblings."}};

constexpr Use kHelp_[] = {{kTopic, kEverySet, 0, 0}};
constexpr Use kCompletion[] = {{kShell, kEverySet, kFirst, 0}};
constexpr Example kCompletionExamples[] = {
    {"certferry completion bash > /etc/bash_completion.d/certferry", "Completes commands, options, types and files."}};
constexpr Use kMan_[] = {{kTopic, kEverySet, 0, 0}};

constexpr Command kCommands[] = {
    {CommandId::kImport, "import", "Import-CsCertificate", "import a certificate file, check it and store it",
     "Reads a certificate file, explains it, checks it and stores it with its private key.\n"
     "With --identity and --type it is assigned at that scope in the same step (the central set). Without them it is "
     "in this computer's store, available to be assigned with 'certferry set' (the local set). Importing the same "
     "file again changes nothing.",
     kImport, kImportSets, kImportExamples},
    {CommandId::kSet, "set", "Set-CsCertificate", "assign a certificate to one or more uses",
     "Assigns a stored certificate, or a file, to uses. Without --identity it is assigned on this computer.", kSet,
     kSetSets, kSetExamples},
    {CommandId::kGet,
     "get",
     "Get-CsCertificate",
     "show the certificates in use",
     "Shows the assigned certificates; with --all those that are only available as well.",
     kGet,
     {},
     kGetExamples},
    {CommandId::kRemove,
     "remove",
     "Remove-CsCertificate",
     "unassign a certificate",
     "Unassigns a certificate and removes its bindings. The certificate itself stays stored. Asks when it is in use.",
     kRemove,
     {},
     kRemoveExamples},
    {CommandId::kRequest,
     "request",
     "Request-CsCertificate",
     "request a certificate",
     "Makes certificate requests and follows them up.",
     kRequest,
     kRequestSets,
     {},
     false},
    {CommandId::kAdminRole,
     "admin-role",
     "Get-CsAdminRole",
     "show who may do what",
     "Shows the roles of remote administration: what each may do, for which types, on which computers. The standard roles are "
     "templates; `certferry role` makes others from them.",
     kAdminRole,
     {},
     kAdminRoleExamples},
    {CommandId::kInspect,
     "inspect",
     "",
     "explain a file and store nothing",
     "Explains what a file is, how it is protected, what it holds and what belongs together. Stores nothing.",
     kInspect,
     {},
     kInspectExamples},
    {CommandId::kCheck,
     "check",
     "",
     "check a certificate for a use and store nothing",
     "Builds the chain and checks it, the names and the certificate. Stores nothing.",
     kCheck,
     {},
     kCheckExamples},
    {CommandId::kType,
     "type",
     "",
     "list the uses that a certificate can have",
     "Lists the types, or shows what is checked for one.",
     kType_,
     {},
     kTypeExamples},
    {CommandId::kDoctor,
     "doctor",
     "",
     "check the store, the files and their access rights",
     "Checks that the store, the files on disk and their access rights agree, and says what to do where they do not.",
     kDoctor,
     {},
     kDoctorExamples},
    {CommandId::kProbe, "probe", "", "show which certificate a service serves",
     "Connects to a service as a client does, and shows the certificate that it serves on each of its addresses. "
     "Any certificate is shown, whoever issued it, and the service has to prove that it holds the key. Stores nothing.",
     kProbe_, kProbeSets, kProbeExamples},
    {CommandId::kConfig,
     "config",
     "",
     "show the settings",
     "Shows the settings in force.",
     kConfig,
     {},
     kConfigExamples},
    {CommandId::kAudit,
     "audit",
     "",
     "show or verify the record of changes",
     "Shows the record of changes, or proves that it is complete.",
     kAudit,
     {},
     kAuditExamples},
    {CommandId::kLinks,
     "links",
     "",
     "make links named after the cmdlets",
     "Makes links to this program that are named after the cmdlets and speak their dialect.",
     kLinks,
     {},
     kLinksExamples},
    {CommandId::kAgent,
     "agent",
     "",
     "do what is due, when it is due",
     "Brings the disk and the services of this computer to what the store says, at the dates that it says: rolls, "
     "windows that end, what another command left undone.\nWithout an option it stays in the foreground, as a service "
     "manager wants it; SIGHUP makes it look at once, SIGTERM ends it between two steps.",
     kAgent_,
     {},
     kAgentExamples},
    {CommandId::kRoll,
     "roll",
     "",
     "show, hasten or cancel what waits for its date",
     "Shows the certificates that wait for their date, uses one at once, or gives one up.",
     kRoll_,
     {},
     kRollExamples},
    {CommandId::kRollback,
     "rollback",
     "",
     "use the previous certificate again",
     "Uses the certificate from before the last roll again, and keeps the current one as previous: the same command goes "
     "forth again.",
     kRollback_,
     {},
     kRollbackExamples},
    {CommandId::kBinding,
     "binding",
     "",
     "show, make and try how services take certificates",
     "A binding says which files a service reads, how it is tested and reloaded, and which connections prove what it "
     "serves.",
     kBinding_,
     {},
     kBindingExamples},
    {CommandId::kStatus,
     "status",
     "",
     "show what is assigned, what is served, and what comes",
     "Asks every connection that a binding names what it serves, and compares it with what is assigned. Exit status 4 where "
     "they differ.",
     kStatus_,
     {},
     kStatusExamples},
    {CommandId::kFleet,
     "fleet",
     "",
     "make a fleet, and carry what its computers need",
     "A fleet is administered in one place; what its computers shall use is signed there, and private keys are sealed to each of "
     "them. Without a network in between, bundles carry it as files that may go any way.",
     kFleet_,
     {},
     kFleetExamples},
    {CommandId::kComputer,
     "computer",
     "",
     "list, add, move and remove the computers of the fleet",
     "Says which computers belong to the fleet, where they are and which uses they host.",
     kComputer_,
     {},
     kComputerExamples},
    {CommandId::kRole,
     "role",
     "",
     "let somebody else administer a part of the fleet",
     "Makes, changes and removes roles: a key with the rights of a template, for some types, on the computers of some scopes. "
     "Every computer holds whoever signs to them.",
     kRole_,
     {},
     kRoleExamples},
    {CommandId::kJoin,
     "join",
     "",
     "join a fleet",
     "Makes this computer's two keys, which never leave it, and joins: with a token that was made for it, or with the "
     "fleet's invitation, where an administrator then approves it by the fingerprint that it shows.",
     kJoin_,
     {},
     kJoinExamples},
    {CommandId::kServe,
     "serve",
     "",
     "be a relay of the fleet",
     "Stands between the store and the computers of the fleet: what is meant for a computer is pushed to it, sealed and signed; "
     "what it says of itself is kept. It can open nothing. Stays in the foreground, as a service manager wants it; SIGTERM "
     "ends it.",
     kServe_,
     {},
     kServeExamples},
    {CommandId::kStore,
     "store",
     "",
     "show, move, save and restore the store",
     "The store knows which certificate serves where; it holds no private key. It is a file of the home, or lies on etcd where a "
     "fleet is large or administered from several homes.",
     kStore_,
     {},
     kStoreExamples},
    {CommandId::kTopology,
     "topology",
     "",
     "draw the fleet, and carry its places as TOML",
     "Shows sites, pools and computers as a tree, what serves each, and what it says of it; as a picture where people would rather look.",
     kTopology_,
     {},
     kTopologyExamples},
    {CommandId::kReplace,
     "replace",
     "",
     "replace certificates wherever they serve, in waves",
     "For emergencies: a key got out, an authority fell. Finds every assignment that serves such a certificate, has the first computers use the new one, "
     "and goes on when they said that they serve it; stops where one does not.",
     kReplace_,
     {},
     kReplaceExamples},
    {CommandId::kVersion, "version", "", "show the version", "Shows the version.", {}, {}, {}},
    {CommandId::kHelp, "help", "", "explain a command", "Explains a command or cmdlet.", kHelp_, {}, {}},
    {CommandId::kCompletion,
     "completion",
     "",
     "print a completion script for a shell",
     "Prints a completion script for bash, zsh or fish.",
     kCompletion,
     {},
     kCompletionExamples},
    {CommandId::kMan, "__man", "", "print a manual page", "Prints a manual page in roff.", kMan_, {}, {}, true, true},
};

consteval bool in_order() {
  for (std::size_t i = 0; i < std::size(kCommands); ++i) {
    if (static_cast<std::size_t>(kCommands[i].id) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace certferry::cli
