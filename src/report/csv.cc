#include "report/csv.h"

#include "base/escape.h"

namespace certferry::report {
namespace {

std::string line(const std::vector<std::string>& cells) {
  std::string text;
  for (const std::string& cell : cells) text += (text.empty() ? "" : ",") + escape_csv(cell);
  return text + "\r\n";
}

}  // namespace

std::string to_csv(const Document& document) {
  std::string text;
  for (const Table& table : document.tables) {
    if (!text.empty()) text += "\r\n";
    text += line(table.columns);
    for (const std::vector<std::string>& row : table.rows) text += line(row);
  }
  return text;
}

}  // namespace certferry::report
