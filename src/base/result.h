// One way to report failure: Result<T>, holding a value or an Error that names cause and fix.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace certferry {

// What kind of failure it is; decides the exit code (docs/formats.md) and inspect's "outcome".
enum class ErrorKind {
  kFailed,       // exit 1: failed, nothing changed
  kUsage,        // exit 2: the command line is wrong
  kPartly,       // exit 4: partly done, rolled back or not verified
  kRejected,     // exit 5: the file, its password or a fatal finding
  kUnsupported,  // exit 5: a well-formed file outside what certferry imports
  kNotPermitted, // exit 6
  kDeclined,     // exit 7: declined, or a prompt is needed and there is no terminal
  kUnreachable,  // exit 8: the store cannot be reached
  kConflict,     // exit 9: locked, or the plan is stale
};

// `id` is stable ("CF1204") and explained in docs/messages.md. `message` is lower case without a full stop and tells
// the cause; `fix` tells what to do next, may be empty only where nothing can be done. Neither ever holds a secret.
// Text that came out of a file is escaped where it is shown, not here.
struct Error {
  ErrorKind kind = ErrorKind::kFailed;
  std::string id;
  std::string message;
  std::string fix;

  bool operator==(const Error&) const = default;
};

template <typename T = void>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string_view id, std::string message,
                                                 std::string fix) {
  return std::unexpected(Error{kind, std::string(id), std::move(message), std::move(fix)});
}

[[nodiscard]] int exit_code(ErrorKind kind);

}  // namespace certferry

#define CERTFERRY_CONCAT_(a, b) a##b
#define CERTFERRY_CONCAT(a, b) CERTFERRY_CONCAT_(a, b)

// Returns the error of `expression` (a Result) from the enclosing function, which returns a Result too.
#define CERTFERRY_TRY(expression)                            \
  do {                                                       \
    if (auto try_result = (expression); !try_result) {       \
      return std::unexpected(std::move(try_result).error()); \
    }                                                        \
  } while (false)

// `CERTFERRY_ASSIGN(auto x, expression);` declares x with the value, or returns the error.
#define CERTFERRY_ASSIGN(declaration, expression) \
  CERTFERRY_ASSIGN_(CERTFERRY_CONCAT(assign_result_, __LINE__), declaration, expression)
#define CERTFERRY_ASSIGN_(result, declaration, expression)        \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)
