#include "deploy/program.h"

#include "base/escape.h"

namespace certferry::deploy {
namespace {

constexpr std::size_t kQuoted = 2000;  // octets of a program's output that go into a message

// The end of what it said: that is where programs put the reason.
std::string said(const ProcessResult& result) {
  std::string text = result.errors.empty() ? result.output : result.errors;
  while (text.ends_with('\n')) text.pop_back();
  if (text.size() > kQuoted) text = text.substr(text.size() - kQuoted);
  return text.empty() ? "" : ": " + escape_terminal(text);
}

std::string how(const ProcessResult& result) {
  if (result.timed_out) return "did not end in time";
  if (result.signal != 0) return "was ended by signal " + std::to_string(result.signal);
  return "ended with status " + std::to_string(result.status);
}

}  // namespace

Result<> run_program(Process& process, const Command& command, std::string_view expect, std::string_view id) {
  CERTFERRY_ASSIGN(const ProcessResult result, process.run(command));
  const bool expected =
      result.output.find(expect) != std::string::npos || result.errors.find(expect) != std::string::npos;
  if (result.ok() && expected) return {};
  return fail(ErrorKind::kFailed, id,
              command.argv.front() + " " + (result.ok() ? "did not say \"" + std::string(expect) + "\"" : how(result)) +
                  said(result),
              "correct what it complains about");
}

}  // namespace certferry::deploy
