// Binds words to parameters: what both dialects share once they know which parameter a word means.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/invocation.h"

namespace certferry::cli {

// The words of a command line, the program's name first. They point into memory of the caller that outlives parsing.
struct Words {
  std::vector<std::string_view> words;
  bool wipe_secrets = false;  // the memory is argv's and may be written: secrets are overwritten when they are read
};

using Bound = std::expected<void, UsageError>;

class Binder {
 public:
  struct Place {
    std::size_t word = 0;
    std::size_t offset = 0;
    std::size_t length = std::string_view::npos;  // npos: to the end of the word
  };
  struct Attached {  // what follows '=' or ':' in the word of the parameter
    std::size_t offset = 0;
  };
  // Whether `word` is certainly a parameter of `command`: decides whether a password may begin with a dash.
  using Known = bool (*)(const Command& command, std::string_view word);

  Binder(Words words, const Command& command, Dialect dialect, Known known);

  [[nodiscard]] std::size_t size() const { return words_.words.size(); }
  [[nodiscard]] std::string_view word(std::size_t i) const { return words_.words[i]; }

  // Binds the parameter that word `i` names, with its attached value or with the words that follow; `i` becomes the
  // last word used.
  [[nodiscard]] Bound bind(const Use& use, std::size_t& i, std::optional<Attached> attached);
  [[nodiscard]] Bound bind_bare(std::size_t i);
  // Checks what concerns the whole: rivals, sets, what is missing.
  [[nodiscard]] Parsed finish() &&;

  [[nodiscard]] std::unexpected<UsageError> error(std::string_view id, std::string message, std::string fix,
                                                  Place place) const;

 private:
  using Value = Invocation::Value;
  struct Origin {
    ParameterId id;
    Place place;
  };

  [[nodiscard]] Bound bind_flag(const Use& use, std::size_t& i, std::optional<Attached> attached);
  [[nodiscard]] Bound bind_value(const Use& use, std::size_t& i, std::optional<Attached> attached);
  [[nodiscard]] Bound store(const Use& use, std::string_view text, Place place);
  [[nodiscard]] Bound store_types(Value& value, std::string_view text, Place place);
  [[nodiscard]] std::expected<Value*, UsageError> open(const Use& use, Place place);
  void store_secret(Value& value, Place place);
  [[nodiscard]] bool parameter_like(std::string_view word, Kind kind) const;
  [[nodiscard]] std::unexpected<UsageError> missing_value(const Use& use, std::size_t i) const;
  [[nodiscard]] std::unexpected<UsageError> missing_boolean(const Use& use, std::size_t i) const;
  [[nodiscard]] std::unexpected<UsageError> surplus(std::size_t i) const;

  [[nodiscard]] Bound check_rivals() const;
  [[nodiscard]] Bound choose_set();
  [[nodiscard]] Bound check_needs() const;
  [[nodiscard]] std::vector<const Use*> missing_in(std::size_t set) const;
  [[nodiscard]] std::string sets_text() const;
  [[nodiscard]] Place place_of(ParameterId id) const;
  [[nodiscard]] std::string name(ParameterId id) const { return spelled(parameter(id), invocation_.dialect_); }

  Words words_;
  std::vector<std::size_t> masked_from_;  // for each word: from where it is shown as ***
  const Command& command_;
  Known known_;
  Invocation invocation_;
  std::vector<Origin> origins_;
  std::size_t next_position_ = 0;
  std::optional<std::size_t> switch_word_;  // the word before, when it named a switch without a value
};

}  // namespace certferry::cli
