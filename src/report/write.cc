#include "report/write.h"

#include "report/html.h"
#include "report/json.h"

namespace certferry::report {
namespace {

constexpr unsigned kMode = 0640;

Result<> write(FileSystem& files, const std::string& path, std::string_view text) {
  const auto written = replace_file(files, path, as_bytes(text), kMode);
  if (written) return {};
  return fail(written.error().kind, "CF1801", "the report cannot be written: " + written.error().message, written.error().fix);
}

}  // namespace

Result<> write_report(FileSystem& files, const std::string& path, const Document& document) {
  constexpr std::string_view kHtml = ".html";
  const std::string json = path.ends_with(kHtml) ? path.substr(0, path.size() - kHtml.size()) + ".json" : path + ".json";
  CERTFERRY_TRY(write(files, path, to_html(document)));
  return write(files, json, to_json(document));
}

}  // namespace certferry::report
