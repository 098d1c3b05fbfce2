#include "report/write.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "report/html.h"
#include "report/json.h"

namespace certferry::report {
namespace {

constexpr unsigned kMode = 0640;

std::unexpected<Error> cannot_write(ErrorKind kind, const std::string& why, std::string fix) {
  return fail(kind, "CF1801", "the report cannot be written: " + why, std::move(fix));
}

Result<> replace(FileSystem& files, const std::string& path, std::string_view text) {
  const auto written = replace_file(files, path, as_bytes(text), kMode);
  if (written) return {};
  return cannot_write(written.error().kind, written.error().message, written.error().fix);
}

// Into a pipe, a terminal or a device: it must not be replaced by a file.
Result<> write_into(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  bool done = fd >= 0;
  while (done && !text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    done = count > 0;
    if (done) text.remove_prefix(static_cast<std::size_t>(count));
  }
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (done) return {};
  return cannot_write(ErrorKind::kFailed, path + ": " + std::strerror(error), "look at the path and its permissions");
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

// Where the links lead; the path itself where there is nothing.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, Free> target(::realpath(path.c_str(), nullptr));
  return target ? std::string(target.get()) : path;
}

}  // namespace

Result<> write_report(FileSystem& files, const std::string& path, const Document& document) {
  constexpr std::string_view kHtml = ".html";
  const std::string target = resolved(path);
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(target));
  if (status && status->kind != FileKind::kFile) return write_into(target, to_html(document));
  CERTFERRY_TRY(replace(files, target, to_html(document)));
  const bool html = path.ends_with(kHtml);
  return replace(files, (html ? path.substr(0, path.size() - kHtml.size()) : path) + ".json", to_json(document));
}

}  // namespace certferry::report
