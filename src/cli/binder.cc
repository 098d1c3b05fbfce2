#include "cli/binder.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "cli/caret.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

constexpr std::string_view kNeverSecret = "***";

std::optional<bool> truth(std::string_view word) {
  for (std::string_view each : {"$true", "true", "1"}) {
    if (equal_ignoring_case(each, word)) return true;
  }
  for (std::string_view each : {"$false", "false", "0"}) {
    if (equal_ignoring_case(each, word)) return false;
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool scope_like(std::string_view word) {
  return equal_ignoring_case(word, "global") || begins_with_word(word, "site:") || begins_with_word(word, "pool:") ||
         begins_with_word(word, "computer:");
}

}  // namespace

Binder::Binder(Words words, const Command& command, Dialect dialect, Known known)
    : words_(std::move(words)),
      masked_from_(words_.words.size(), std::string_view::npos),
      command_(command),
      known_(known),
      invocation_(command.id, dialect) {}

std::unexpected<UsageError> Binder::error(std::string_view id, std::string message, std::string fix,
                                          Place place) const {
  // Words after the mistake are not shown: one of them may be a password that was not recognised as such.
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < words_.words.size() && i <= place.word; ++i) {
    std::string text(words_.words[i].substr(0, masked_from_[i]));
    if (masked_from_[i] != std::string_view::npos) text += kNeverSecret;
    shown.push_back(std::move(text));
  }
  if (place.word < shown.size() && place.length != std::string_view::npos &&
      masked_from_[place.word] == std::string_view::npos) {
    shown[place.word].resize(std::min(shown[place.word].size(), place.offset + place.length));
  }
  return std::unexpected(
      UsageError{Error{ErrorKind::kUsage, std::string(id), std::move(message), std::move(fix)},
                 caret_lines(shown, place.word, place.offset, place.word + 1 < words_.words.size())});
}

bool Binder::parameter_like(std::string_view word, Kind kind) const {
  if (kind == Kind::kSecret) return known_(command_, word);
  if (word.size() < 2 || word[0] != '-') return false;
  if (invocation_.dialect_ == Dialect::kNative) return true;
  return ascii_letter(word[1]) || word[1] == '-' || word[1] == '?' || word[1] == '_';
}

std::unexpected<UsageError> Binder::missing_value(const Use& use, std::size_t i) const {
  const Parameter& each = parameter(use.parameter);
  const std::string_view joint = invocation_.dialect_ == Dialect::kCmdlet && !each.cmdlet.empty() ? ":" : "=";
  const std::string spelling = name(each.id);
  return error("CF1004", spelling + " needs a value",
               "write " + spelling + " " + std::string(each.value) +
                   "; a value that begins with a dash is written as " + spelling + std::string(joint) + "-…",
               Place{i});
}

std::unexpected<UsageError> Binder::missing_boolean(const Use& use, std::size_t i) const {
  const std::string spelling = name(use.parameter);
  const bool is_switch = parameter(use.parameter).kind == Kind::kSwitch;
  if (invocation_.dialect_ == Dialect::kNative) {
    const std::string joint = is_switch ? "=" : " ";
    return error("CF1005", spelling + " needs true or false",
                 "write " + spelling + joint + "true or " + spelling + joint + "false", Place{i});
  }
  const std::string joint = is_switch ? ":" : " ";
  return error("CF1005", spelling + " needs $true or $false, and nothing follows it",
               "write " + spelling + joint + "'$True' or " + spelling + joint +
                   "True: a shell turns an unquoted $True into nothing",
               Place{i});
}

std::expected<Binder::Value*, UsageError> Binder::open(const Use& use, Place place) {
  auto& values = invocation_.values_;
  auto at = std::ranges::lower_bound(values, use.parameter, {}, &Value::id);
  if (at != values.end() && at->id == use.parameter) {
    const bool several = use.repeat == Repeat::kBoth ||
                         (invocation_.dialect_ == Dialect::kNative && takes_several(use, Dialect::kNative));
    if (!several) {
      return error("CF1007", name(use.parameter) + " is given twice", "write it once", place);
    }
    return &*at;
  }
  if (parameter(use.parameter).reserved) {
    return error("CF1015", name(use.parameter) + " is reserved", "leave it out", place);
  }
  origins_.push_back({use.parameter, place});
  return &*values.insert(at, Value{use.parameter, false, {}, {}});
}

Bound Binder::bind(const Use& use, std::size_t& i, std::optional<Attached> attached) {
  switch_word_.reset();
  const Kind kind = parameter(use.parameter).kind;
  if (kind == Kind::kSwitch || kind == Kind::kBoolean) return bind_flag(use, i, attached);
  return bind_value(use, i, attached);
}

Bound Binder::bind_flag(const Use& use, std::size_t& i, std::optional<Attached> attached) {
  const std::size_t named = i;
  CERTFERRY_ASSIGN(Value * value, open(use, Place{named, 0, attached ? attached->offset - 1 : std::string_view::npos}));
  const bool is_switch = parameter(use.parameter).kind == Kind::kSwitch;
  if (is_switch && !attached) {
    value->on = true;
    switch_word_ = named;
    return {};
  }
  std::string_view text = attached ? word(i).substr(attached->offset) : std::string_view();
  Place place{named, attached ? attached->offset : 0};
  if (text.empty()) {
    // "-Confirm: $false", as PowerShell reads it; a switch takes the next word only when it is a Boolean.
    const bool follows =
        i + 1 < size() && (is_switch ? truth(word(i + 1)).has_value()
                                     : !parameter_like(word(i + 1), Kind::kBoolean) && !word(i + 1).empty());
    if (!follows) return missing_boolean(use, named);
    text = word(++i);
    place = Place{i};
  }
  const std::optional<bool> result = truth(text);
  if (!result) {
    return error("CF1006", "the value of " + name(use.parameter) + " is neither true nor false",
                 "write true or false; $true, $false, 1 and 0 are read too", place);
  }
  value->on = *result;
  return {};
}

Bound Binder::bind_value(const Use& use, std::size_t& i, std::optional<Attached> attached) {
  const Kind kind = parameter(use.parameter).kind;
  const std::size_t named = i;
  std::string_view text = attached ? word(i).substr(attached->offset) : std::string_view();
  Place place{named, attached ? attached->offset : 0};
  const bool native_empty = attached && text.empty() && word(named)[attached->offset - 1] == '=';
  if (text.empty() && !native_empty) {
    if (i + 1 >= size() || parameter_like(word(i + 1), kind)) return missing_value(use, named);
    text = word(++i);
    place = Place{i};
  }
  if (kind != Kind::kTypes) return store(use, text, place);

  // A list may go on in the next words: "Default, External", "Default ,External".
  std::string whole(text);
  while (i + 1 < size() && !parameter_like(word(i + 1), kind) &&
         (trimmed(whole).ends_with(',') || word(i + 1).starts_with(','))) {
    whole += word(++i);
  }
  return store(use, whole, Place{place.word, place.offset});
}

void Binder::store_secret(Value& value, Place place) {
  std::string_view& text = words_.words[place.word];
  std::string_view secret = text.substr(place.offset);
  value.secret = Secret(secret);
  masked_from_[place.word] = place.offset;
  if (words_.wipe_secrets) {
    wipe({reinterpret_cast<std::uint8_t*>(const_cast<char*>(secret.data())), secret.size()});
  }
}

Bound Binder::store(const Use& use, std::string_view text, Place place) {
  const Parameter& each = parameter(use.parameter);
  CERTFERRY_ASSIGN(Value * value, open(use, place));
  if (each.kind == Kind::kSecret) {
    store_secret(*value, place);
    return {};
  }
  if (text.empty()) {
    return error("CF1017", "the value of " + name(each.id) + " is empty",
                 "write a value; if it came from a variable, the variable is not set", place);
  }
  if (each.kind == Kind::kTypes) return store_types(*value, text, place);
  if (each.kind == Kind::kNumber) {
    std::int32_t number = 0;
    auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size() || number < 0) {
      return error("CF1016", "the value of " + name(each.id) + " is not a number",
                   "write a number from 0 to 2147483647", place);
    }
  }
  if (each.kind == Kind::kChoice) {
    const auto choices = split(choices_of(use), '|');
    auto found =
        std::ranges::find_if(choices, [&](std::string_view choice) { return equal_ignoring_case(choice, text); });
    if (found == choices.end()) {
      const std::vector<std::string> words(choices.begin(), choices.end());
      const std::string near = nearest(text, choices);
      return error("CF1011", "the value of " + name(each.id) + " is not one it knows",
                   (near.empty() ? "" : "did you mean " + near + "? ") + "write " + listed(words), place);
    }
    text = *found;
  }
  value->texts.emplace_back(text);
  return {};
}

Bound Binder::store_types(Value& value, std::string_view text, Place place) {
  for (std::string_view part : split(text, ',')) {
    part = trimmed(part);
    if (part.empty()) {
      return error("CF1012", "the list of " + name(value.id) + " has an empty place",
                   "write the types with one comma between two of them", place);
    }
    value.texts.emplace_back(part);
  }
  return {};
}

std::unexpected<UsageError> Binder::surplus(std::size_t i) const {
  if (switch_word_ && *switch_word_ + 1 == i && truth(word(i))) {
    const std::string_view flag = word(*switch_word_);
    const std::string joint = flag.starts_with("--") ? "=" : ":";
    return error("CF1020", "a switch does not take the next word as its value",
                 "write '" + std::string(flag) + joint + std::string(word(i)) + "'", Place{i});
  }
  return error("CF1010", "this word belongs to no parameter", "quote values that contain spaces, or name the parameter",
               Place{i});
}

Bound Binder::bind_bare(std::size_t i) {
  const bool boolean = switch_word_ && *switch_word_ + 1 == i && truth(word(i)) && word(i) != "0" && word(i) != "1";
  if (boolean) return surplus(i);
  // The rest of an unquoted password with spaces must not be shown.
  if (i > 0 && masked_from_[i - 1] != std::string_view::npos) masked_from_[i] = 0;
  const bool native = invocation_.dialect_ == Dialect::kNative;
  for (;; ++next_position_) {
    auto use = std::ranges::find_if(command_.uses, [this](const Use& each) {
      return each.position >= 0 && static_cast<std::size_t>(each.position) == next_position_;
    });
    if (use == command_.uses.end()) return surplus(i);
    const bool many = native && use->repeat != Repeat::kOnce;
    if (invocation_.given(use->parameter) && !many) continue;
    if (many && invocation_.given(use->parameter) && scope_like(word(i))) {
      return error(
          "CF1021", "this looks like a scope, but bare words are files here",
          "write --identity " + std::string(word(i)) + "; a file of that name is written as ./" + std::string(word(i)),
          Place{i});
    }
    return store(*use, word(i), Place{i});
  }
}

Binder::Place Binder::place_of(ParameterId id) const {
  auto found = std::ranges::find(origins_, id, &Origin::id);
  return found == origins_.end() ? Place{size()} : found->place;
}

Bound Binder::check_rivals() const {
  for (const Origin& later : origins_) {
    const std::uint8_t group = parameter(later.id).rival_group;
    if (group == 0) continue;
    for (const Origin& earlier : origins_) {
      if (earlier.id == later.id) break;
      if (parameter(earlier.id).rival_group != group) continue;
      return error("CF1013", name(earlier.id) + " and " + name(later.id) + " exclude each other", "write one of them",
                   later.place);
    }
  }
  return {};
}

std::string Binder::sets_text() const {
  std::string text;
  for (std::size_t set = 0; set < command_.sets.size(); ++set) {
    if (set > 0) text += "; ";
    text += std::string(command_.sets[set]) + ": " + set_syntax(command_, set, invocation_.dialect_);
  }
  return text;
}

std::vector<const Use*> Binder::missing_in(std::size_t set) const {
  std::vector<const Use*> missing;
  for (const Use& use : command_.uses) {
    if ((use.mandatory >> set & 1u) && !invocation_.given(use.parameter)) missing.push_back(&use);
  }
  return missing;
}

Bound Binder::choose_set() {
  const std::size_t count = std::max<std::size_t>(1, command_.sets.size());
  std::uint8_t possible = static_cast<std::uint8_t>((1u << count) - 1);
  const Origin* narrowing = nullptr;
  for (const Origin& origin : origins_) {
    const Use* use = find_use(command_, origin.id);
    const auto left = static_cast<std::uint8_t>(possible & use->sets);
    if (left == 0) {
      return error("CF1008", name(narrowing->id) + " and " + name(origin.id) + " belong to different parameter sets",
                   "keep to one set; " + sets_text(), origin.place);
    }
    if (left != possible) narrowing = &origin;
    possible = left;
  }
  std::size_t fewest = SIZE_MAX;
  std::vector<std::string> missing_words;
  for (std::size_t set = 0; set < count; ++set) {
    if (!(possible >> set & 1u)) continue;
    const auto missing = missing_in(set);
    if (missing.empty()) {
      if (!command_.sets.empty()) invocation_.parameter_set_ = command_.sets[set];
      return {};
    }
    if (missing.size() < fewest) missing_words.clear();
    if (missing.size() > fewest) continue;
    fewest = missing.size();
    std::vector<std::string> names;
    for (const Use* use : missing) names.push_back(name(use->parameter));
    missing_words.push_back(listed(names, "and"));
  }
  std::string message = listed(missing_words) + (fewest == 1 ? " is missing" : " are missing");
  if (narrowing) message = name(narrowing->id) + " cannot stand alone: " + message;
  std::string fix = command_.sets.empty()
                        ? spelled(command_, invocation_.dialect_) + " " + set_syntax(command_, 0, invocation_.dialect_)
                        : sets_text();
  return error("CF1009", std::move(message), (command_.sets.empty() ? "write " : "the parameter sets are ") + fix,
               Place{size()});
}

Bound Binder::check_needs() const {
  for (const Origin& origin : origins_) {
    const ParameterId needs = parameter(origin.id).needs;
    const bool off = parameter(origin.id).kind == Kind::kSwitch && !invocation_.on(origin.id);
    if (needs == ParameterId::kNone || off || invocation_.given(needs)) continue;
    return error("CF1014", name(origin.id) + " needs " + name(needs), "write " + name(needs) + " as well",
                 origin.place);
  }
  return {};
}

Parsed Binder::finish() && {
  if (invocation_.on(ParameterId::kVersion)) {
    invocation_.command_ = CommandId::kVersion;
    invocation_.dialect_ = Dialect::kNative;
    std::erase_if(invocation_.values_, [](const Value& value) {
      return std::ranges::find(global_uses(), value.id, &Use::parameter) == global_uses().end();
    });
  }
  if (invocation_.on(ParameterId::kVersion) || invocation_.wants_help()) return std::move(invocation_);
  CERTFERRY_TRY(check_rivals());
  CERTFERRY_TRY(choose_set());
  CERTFERRY_TRY(check_needs());
  return std::move(invocation_);
}

}  // namespace certferry::cli
