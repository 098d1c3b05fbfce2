#include "cli/invocation.h"

#include <algorithm>
#include <charconv>

#include "cli/words.h"

namespace certferry::cli {

const Invocation::Value* Invocation::find(ParameterId id) const {
  auto found = std::ranges::find(values_, id, &Value::id);
  return found == values_.end() ? nullptr : &*found;
}

bool Invocation::on(ParameterId id) const { return boolean(id).value_or(false); }

std::optional<bool> Invocation::boolean(ParameterId id) const {
  const Value* value = find(id);
  return value ? std::optional(value->on) : std::nullopt;
}

std::optional<std::string_view> Invocation::text(ParameterId id) const {
  const Value* value = find(id);
  if (!value || value->texts.empty()) return std::nullopt;
  return value->texts.front();
}

std::span<const std::string> Invocation::texts(ParameterId id) const {
  const Value* value = find(id);
  return value ? std::span<const std::string>(value->texts) : std::span<const std::string>();
}

std::optional<std::int32_t> Invocation::number(ParameterId id) const {
  auto digits = text(id);
  if (!digits) return std::nullopt;
  std::int32_t number = 0;
  auto end = std::from_chars(digits->data(), digits->data() + digits->size(), number);
  return end.ec == std::errc() ? std::optional(number) : std::nullopt;
}

const Secret* Invocation::secret(ParameterId id) const {
  const Value* value = find(id);
  return value ? &value->secret : nullptr;
}

std::optional<std::string> Invocation::home(const char* from_environment) const {
  if (auto home = text(ParameterId::kHome)) return std::string(*home);
  if (from_environment && *from_environment) return from_environment;
  return std::nullopt;
}

namespace {

// Each parameter is attached to its value, so that a value that begins with a dash stays a value.
std::string attached(const Parameter& parameter, Dialect dialect, std::string_view value) {
  const bool cmdlet = dialect == Dialect::kCmdlet && !parameter.cmdlet.empty();
  return spelled(parameter, dialect) + (cmdlet ? ":" : "=") + std::string(value);
}

std::string joined(std::span<const std::string> texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ",") + text;
  return all;
}

}  // namespace

std::vector<std::string> Invocation::words() const {
  const Command& command = cli::command(command_);
  std::vector<std::string> words;
  if (dialect_ == Dialect::kCmdlet && !command.cmdlet.empty()) {
    words.emplace_back(command.cmdlet);
  } else {
    words = {"certferry", std::string(command.name)};
  }
  std::vector<std::string> bare;
  for (const Value& value : values_) {
    const Parameter& each = parameter(value.id);
    if (each.option.empty() && each.kind == Kind::kSecret) {
      bare.emplace_back("***");
    } else if (each.option.empty()) {
      bare.insert(bare.end(), value.texts.begin(), value.texts.end());
    } else if (each.kind == Kind::kSwitch && value.on) {
      words.push_back(spelled(each, dialect_));
    } else if (each.kind == Kind::kSwitch || each.kind == Kind::kBoolean) {
      words.push_back(attached(each, dialect_, value.on ? "true" : "false"));
    } else if (each.kind == Kind::kSecret) {
      words.push_back(attached(each, dialect_, "***"));
    } else if (each.kind == Kind::kTypes) {
      words.push_back(attached(each, dialect_, joined(value.texts)));
    } else {
      for (const std::string& text : value.texts) words.push_back(attached(each, dialect_, text));
    }
  }
  if (!bare.empty()) words.emplace_back("--");
  words.insert(words.end(), bare.begin(), bare.end());
  return words;
}

std::string Invocation::line() const {
  std::string line;
  for (const std::string& word : words()) line += (line.empty() ? "" : " ") + shell_quoted(word);
  return line;
}

bool Invocation::operator==(const Invocation& other) const {
  return command_ == other.command_ && dialect_ == other.dialect_ && parameter_set_ == other.parameter_set_ &&
         values_ == other.values_;
}

}  // namespace certferry::cli
