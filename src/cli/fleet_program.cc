#include "cli/fleet_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

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

bool is_needed(const Invocation& invocation, FileSystem& files) {
  if (invocation.wants_help()) return false;
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
  if (!parsed || !is_needed(*parsed, files)) return {};
  std::string program;
  if (const char* const named = std::getenv(kProgramVariable)) {
    program = named;
  } else {
    CERTFERRY_ASSIGN(const std::string own, files.read_symlink("/proc/self/exe"));
    program = own.substr(0, own.rfind('/') + 1) + "certferry-fleet";
  }
  ::execv(program.c_str(), argv);
  return fail(ErrorKind::kFailed, "CF1081",
              "the part of certferry that talks to relays cannot be started: " + program + ": " + std::strerror(errno),
              "install certferry-fleet beside certferry");
}

}  // namespace certferry::cli
