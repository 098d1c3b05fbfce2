// IMAP, POP3 and ManageSieve. STARTTLS is asked for without looking at capabilities first: a server that does not have
// it says so, in words that an administrator can look for.
#include "base/ascii.h"
#include "probe/starttls_dialogues.h"
#include "probe/starttls_lines.h"

namespace certferry::probe {
namespace {

// The word at the start of the line, whatever its case.
bool begins(std::string_view line, std::string_view word) {
  return line.size() >= word.size() && equal_ignoring_case(line.substr(0, word.size()), word) &&
         (line.size() == word.size() || line[word.size()] == ' ');
}

class ImapDialogue final : public Dialogue {
 public:
  Result<Turn> answer(std::string& received) override {
    while (const auto line = take_line(received)) {
      if (!greeted_) {
        if (begins(*line, "* BYE") || begins(*line, "* PREAUTH")) return starttls_refused(*line);
        if (!begins(*line, "* OK")) return not_spoken(Starttls::kImap, *line);
        greeted_ = true;
        return Turn{"a1 STARTTLS\r\n"};
      }
      if (begins(*line, "a1 OK")) return Turn{{}, true};
      if (begins(*line, "a1") || begins(*line, "* BYE")) return starttls_refused(*line);
      if (!begins(*line, "*")) return not_spoken(Starttls::kImap, *line);
    }
    return Turn{};
  }

 private:
  bool greeted_ = false;
};

class Pop3Dialogue final : public Dialogue {
 public:
  Result<Turn> answer(std::string& received) override {
    const auto line = take_line(received);
    if (!line) return Turn{};
    if (begins(*line, "-ERR")) return starttls_refused(*line);
    if (!begins(*line, "+OK")) return not_spoken(Starttls::kPop3, *line);
    if (greeted_) return Turn{{}, true};
    greeted_ = true;
    return Turn{"STLS\r\n"};
  }

 private:
  bool greeted_ = false;
};

class SieveDialogue final : public Dialogue {
 public:
  Result<Turn> answer(std::string& received) override {
    while (const auto line = take_line(received)) {
      if (begins(*line, "NO") || begins(*line, "BYE")) return starttls_refused(*line);
      if (begins(*line, "OK")) {
        if (asked_) return Turn{{}, true};
        if (!offered_) return starttls_refused({});
        asked_ = true;
        return Turn{"STARTTLS\r\n"};
      }
      if (asked_ || !line->starts_with('"')) return not_spoken(Starttls::kSieve, *line);
      offered_ = offered_ || begins(*line, "\"STARTTLS\"");
    }
    return Turn{};
  }

 private:
  bool offered_ = false;
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<Dialogue> make_imap_dialogue() { return std::make_unique<ImapDialogue>(); }
std::unique_ptr<Dialogue> make_pop3_dialogue() { return std::make_unique<Pop3Dialogue>(); }
std::unique_ptr<Dialogue> make_sieve_dialogue() { return std::make_unique<SieveDialogue>(); }

}  // namespace certferry::probe
