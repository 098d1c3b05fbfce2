// Reads the fields of JSON objects, strictly. For the .cc files of this folder.
#pragma once

#include <initializer_list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fleet/assignment.h"
#include "fleet/statements.h"
#include "fleet/topology.h"
#include "fleet/type.h"

namespace certferry::fleet {

// Of one object; remembers the first thing that is wrong, so that a reader is a plain list of fields.
class Fields {
 public:
  // `object` must live as long. Fields that are not `known` are wrong.
  Fields(const nlohmann::json& object, std::string what, std::initializer_list<std::string> known);

  template <typename T>
  void read(const char* field, T& into) {
    if (const nlohmann::json* value = find(field)) convert(*value, field, into);
    else wrong("has no field '" + std::string(field) + "'");
  }
  // Absent: stays as it is.
  template <typename T>
  void read_if(const char* field, T& into) {
    if (const nlohmann::json* value = find(field)) convert(*value, field, into);
  }
  template <typename T>
  void read_if(const char* field, std::optional<T>& into) {
    if (const nlohmann::json* value = find(field)) convert(*value, field, into.emplace());
  }

  // What is wrong; empty: nothing.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  void wrong(const std::string& problem);
  void wrong_from(const Fields& inner);

 private:
  [[nodiscard]] const nlohmann::json* find(const char* field) const;
  void wrong_kind(const char* field, const char* expected);
  [[nodiscard]] std::string inner(const char* field) const;
  void convert(const nlohmann::json& value, const char* field, std::string& into);
  void convert(const nlohmann::json& value, const char* field, bool& into);
  void convert(const nlohmann::json& value, const char* field, std::uint64_t& into);
  void convert(const nlohmann::json& value, const char* field, int& into);
  void convert(const nlohmann::json& value, const char* field, std::chrono::seconds& into);
  void convert(const nlohmann::json& value, const char* field, Time& into);
  void convert(const nlohmann::json& value, const char* field, Bytes& into);
  void convert(const nlohmann::json& value, const char* field, std::vector<std::string>& into);
  void convert(const nlohmann::json& value, const char* field, std::vector<Scope>& into);
  void convert(const nlohmann::json& value, const char* field, std::map<std::string, std::string>& into);
  void convert(const nlohmann::json& value, const char* field, Scope& into);
  void convert(const nlohmann::json& value, const char* field, Purpose& into);
  void convert(const nlohmann::json& value, const char* field, Slot& into);
  void convert(const nlohmann::json& value, const char* field, Next& into);
  void convert(const nlohmann::json& value, const char* field, Computer& into);
  void convert(const nlohmann::json& value, const char* field, Assignment& into);
  void convert(const nlohmann::json& value, const char* field, Member::State& into);
  void convert(const nlohmann::json& value, const char* field, std::vector<ManifestCertificate>& into);
  void convert(const nlohmann::json& value, const char* field, std::vector<Bytes>& into);
  void convert(const nlohmann::json& value, const char* field, std::vector<ReportedUse>& into);
  void convert(const nlohmann::json& value, const char* field, ReportedUse::State& into);
  template <typename T>
  void convert_list(const nlohmann::json& value, const char* field, std::vector<T>& into);

  const nlohmann::json* object_ = nullptr;
  std::string what_;
  std::string problem_;
};

// Parses an object and takes its schema number away: CF1916, CF1917.
[[nodiscard]] Result<nlohmann::json> parse_object(std::string_view text, std::string_view what);
[[nodiscard]] std::unexpected<Error> malformed(std::string message);
// With the schema number. What is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string text_of(nlohmann::json value);

// As objects inside others, without a schema number.
[[nodiscard]] nlohmann::json value_of(const Assignment& assignment);
[[nodiscard]] nlohmann::json value_of(const Computer& computer);
void read(Fields& fields, Assignment& assignment);
void read(Fields& fields, Computer& computer);

}  // namespace certferry::fleet
