#include "cli/fleet_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "commands/fleet_files.h"
#include "commands/home.h"

namespace certferry::cli {
namespace {

constexpr const char* kProgramVariable = "CERTFERRY_FLEET_PROGRAM";

std::string home_of(const Invocation& invocation) {
  if (const auto given = invocation.text(ParameterId::kHome)) return std::string(*given);
  const char* const variable = std::getenv("CERTFERRY_HOME");
  return variable ? variable : std::string(commands::kSystemHome);
}

bool names_etcd(std::string_view text) { return text.find("etcd://") != std::string_view::npos; }

// Whether the configuration may name a store on etcd: a comment that does costs a slower start.
bool store_may_be_on_etcd(const Invocation& invocation, FileSystem& files) {
  const auto target = invocation.text(ParameterId::kTo);
  if (target && names_etcd(*target)) return true;
  if (const char* const url = std::getenv("CERTFERRY_STORE_URL"); url && names_etcd(url)) return true;
  constexpr std::size_t kMaxConfig = 1024 * 1024;
  const auto text = files.read(home_of(invocation) + "/certferry.toml", kMaxConfig);
  return text && names_etcd(text->text());
}

bool uses_a_store(CommandId command) {
  switch (command) {
    case CommandId::kInspect:
    case CommandId::kCheck:
    case CommandId::kType:
    case CommandId::kConfig:
    case CommandId::kLinks:
    case CommandId::kVersion:
    case CommandId::kHelp:
    case CommandId::kCompletion:
    case CommandId::kMan: return false;
    default: return true;
  }
}

// Whether the command may need a key that a device has, or makes one there.
bool device_may_be_asked(const Invocation& invocation, FileSystem& files) {
  if (invocation.given(ParameterId::kKeysIn)) return true;
  const auto in_device = commands::has_keys_in_devices(files, home_of(invocation));
  return in_device && *in_device;
}

// Whether the command cannot do without.
bool is_needed(const Invocation& invocation, FileSystem& files) {
  switch (invocation.command()) {
    case CommandId::kServe: return true;
    // Only what is carried by file does without; a token that is read from standard input may name relays.
    case CommandId::kJoin: return !invocation.given(ParameterId::kOutput);
    case CommandId::kAgent: {
      const auto membership = commands::read_membership(files, home_of(invocation));
      return membership && *membership && !(*membership)->relays.empty();
    }
    default: return false;
  }
}

}  // namespace

Result<> become_fleet_program_if_needed(int argc, char** argv, FileSystem& files) {
  const Parsed parsed = parse_command_line(argc, argv, SecretWords::kKeep);
  if (!parsed || parsed->wants_help()) return {};
  const bool needed = is_needed(*parsed, files);
  if (!needed && !(uses_a_store(parsed->command()) &&
                   (store_may_be_on_etcd(*parsed, files) || device_may_be_asked(*parsed, files)))) {
    return {};
  }
  std::string program;
  if (const char* const named = std::getenv(kProgramVariable)) {
    program = named;
  } else {
    CERTFERRY_ASSIGN(const std::string own, files.read_symlink("/proc/self/exe"));
    program = own.substr(0, own.rfind('/') + 1) + "certferry-fleet";
  }
  ::execv(program.c_str(), argv);
  // Where the store is on etcd after all, or a device has a key, opening it says what is missing.
  if (!needed) return {};
  return fail(ErrorKind::kFailed, "CF1081",
              "the part of certferry that talks to relays cannot be started: " + program + ": " + std::strerror(errno),
              "install certferry-fleet beside certferry");
}

}  // namespace certferry::cli
