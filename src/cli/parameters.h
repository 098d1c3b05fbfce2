// The one table of commands and parameters. Both command lines, help, completions and manual pages are made from it;
// nothing else in the project spells a parameter's name.
//
// All of it is constant data: reading the table allocates nothing and costs nothing at start.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace certferry::cli {

enum class CommandId : std::uint8_t {
  kImport,
  kSet,
  kGet,
  kRemove,
  kRequest,
  kAdminRole,
  kInspect,
  kCheck,
  kType,
  kDoctor,
  kProbe,
  kConfig,
  kAudit,
  kLinks,
  kAgent,
  kRoll,
  kRollback,
  kBinding,
  kStatus,
  kFleet,
  kComputer,
  kRole,
  kJoin,
  kServe,
  kStore,
  kTopology,
  kReplace,
  kVersion,
  kHelp,
  kCompletion,
  kMan,
};

enum class ParameterId : std::uint8_t {
  kNone,
  // For every command.
  kHome,
  kJson,
  kQuiet,
  kNoColor,
  kYes,
  kDetailedExitcode,
  kHelp,
  kVersion,
  // The cmdlets'.
  kIdentity,
  kPath,
  kType,
  kConfirm,
  kEffectiveDate,
  kForce,
  kPassword,
  kPrivateKeyExportable,
  kReport,
  kRoll,
  kWhatIf,
  kReference,
  kThumbprint,
  kNetportId,
  kPrevious,
  kNew,
  kList,
  kRetrieve,
  kClear,
  kRequestId,
  kCa,
  kCaAccount,
  kCaPassword,
  kCity,
  kClientEku,
  kComputerFqdn,
  kCountry,
  kDomainName,
  kFriendlyName,
  kGlobalCatalog,
  kGlobalSettingsDomainController,
  kKeyAlg,
  kKeySize,
  kOrganization,
  kOu,
  kOutput,
  kState,
  kTemplate,
  kAllSipDomain,
  kFilter,
  kSid,
  kLocalStore,
  // certferry's own: spelled with two dashes only.
  kPasswordFile,
  kPasswordFd,
  kSelect,
  kTrust,
  kRequireTrust,
  kAcceptIncompleteChain,
  kAcceptShortOverlap,
  kResume,
  kAll,
  kUntrusted,
  kAt,
  kPurpose,
  kName,
  kCrl,
  kMaxDepth,
  kOnlyPath,
  kOrigin,
  kRepair,
  kOnce,
  kForeground,
  kCsv,
  kMonitor,
  kStarttls,
  kServerName,
  kKeyKind,
  kTimeout,
  kSite,
  kPool,
  kRelay,
  kListen,
  kFingerprint,
  kTo,
  kWait,
  kNewPassphraseFile,
  kUnderPassphrase,
  kKeysIn,
  kNewKeys,
  kExport,
  kImportFrom,
  kPrune,
  kIssuedBy,
  kKeyDigest,
  kWith,
  kWaves,
  kPause,
  // Bare words.
  kAction,
  kEndpoint,
  kTypeName,
  kBindingName,
  kSubject,
  kToken,
  kLinksDirectory,
  kTopic,
  kShell,
};

enum class Kind : std::uint8_t {
  kSwitch,      // given or not; "-Roll:$false", "--roll=false"
  kBoolean,     // $true, $True, true, 1, …: always with a value
  kText,
  kNumber,      // a count, 0 to 2^31-1
  kFile,
  kFolder,
  kDate,        // read by cli/date.h
  kScope,       // Global, site:…, pool:…, computer:…
  kTypes,       // uses, separated by commas
  kHash,        // a thumbprint or a prefix of one
  kChoice,      // one of a few words
  kSecret,      // text that is wiped from the argument list as soon as it was read
};

enum class Dialect : std::uint8_t { kNative, kCmdlet };

struct Parameter {
  ParameterId id;
  std::string_view cmdlet;        // "EffectiveDate"; empty: two dashes only, in both dialects
  std::string_view option;        // "effective-date"; empty: a bare word
  std::string_view cmdlet_alias;  // "EffectiveTime" or empty
  std::string_view option_alias;  // "effective-time" or empty
  Kind kind;
  std::string_view value;         // what help calls the value: "DATE"; empty for switches
  std::string_view help;          // whole sentences
  std::string_view choices = {};  // kChoice: words separated by '|'
  std::uint8_t rival_group = 0;   // at most one parameter of a group above 0 may be given
  ParameterId needs = ParameterId::kNone;
  std::string_view environment = {};  // the variable that gives the value where the command line does not
  bool reserved = false;              // known, and refused
};

enum class Repeat : std::uint8_t {
  kOnce,
  kNative,  // several values in the native dialect, one in the cmdlet dialect
  kBoth,
};

inline constexpr std::uint8_t kEverySet = 0xff;
inline constexpr std::int8_t kNamedOnly = -1;

// How one command takes a parameter.
struct Use {
  ParameterId parameter;
  std::uint8_t sets = kEverySet;      // bit i: allowed in the command's set i
  std::uint8_t mandatory = 0;         // bit i: mandatory in set i
  std::int8_t position = kNamedOnly;  // among bare words, from 0
  Repeat repeat = Repeat::kOnce;
  std::string_view help = {};         // instead of the parameter's
  std::string_view choices = {};      // instead of the parameter's
};

struct Example {
  std::string_view line;  // without the prompt
  std::string_view text;
};

struct Command {
  CommandId id;
  std::string_view name;         // "import"
  std::string_view cmdlet;       // "Import-CsCertificate" or empty
  std::string_view summary;      // one line, lower case
  std::string_view description;  // paragraphs separated by '\n'
  std::span<const Use> uses;     // without those for every command
  std::span<const std::string_view> sets;  // the names of the parameter sets; empty: one set without a name
  std::span<const Example> examples;
  bool available = true;         // false: named, so that old scripts get an honest answer
  bool hidden = false;           // not in help and completions
};

[[nodiscard]] std::span<const Command> commands();
[[nodiscard]] const Command& command(CommandId id);
[[nodiscard]] const Command* find_command(std::string_view name);     // "import"
[[nodiscard]] const Command* find_cmdlet(std::string_view name);      // "import-cscertificate", in any case
[[nodiscard]] const Parameter& parameter(ParameterId id);
// The parameters that every command takes.
[[nodiscard]] std::span<const Use> global_uses();
// How `command` takes `id`, its own or for every command; null when it does not.
[[nodiscard]] const Use* find_use(const Command& command, ParameterId id);

[[nodiscard]] std::string_view help_of(const Use& use);
[[nodiscard]] std::string_view choices_of(const Use& use);
[[nodiscard]] bool takes_value(Kind kind);  // as a word of its own
// More than one value: a list by its kind, or repeated.
[[nodiscard]] bool takes_several(const Use& use, Dialect dialect);

// As people write it: "-EffectiveDate" or "--effective-date"; a bare word as "FILE".
[[nodiscard]] std::string spelled(const Parameter& parameter, Dialect dialect);
// "Import-CsCertificate" or "certferry import".
[[nodiscard]] std::string spelled(const Command& command, Dialect dialect);
// What tells one parameter set from the others: "-Identity SCOPE -Path FILE -Type TYPES".
[[nodiscard]] std::string set_syntax(const Command& command, std::size_t set, Dialect dialect);

}  // namespace certferry::cli
