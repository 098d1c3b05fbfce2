// SMTP, LMTP and FTP: replies of three digits and text, over several lines while a "-" follows the digits.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "probe/starttls_dialogues.h"
#include "probe/starttls_lines.h"

namespace certferry::probe {
namespace {

struct Reply {
  int code = 0;  // 0: not a reply
  std::string last;
  std::vector<std::string> texts;  // of each line, without the code
};

bool has_code(std::string_view line) {
  return line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), ascii_digit) &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

// Nothing while the reply is not whole.
std::optional<Reply> take_reply(std::string& received) {
  Reply reply;
  std::size_t used = 0;
  while (auto line = line_at(received, used)) {
    const bool first = reply.texts.empty();
    if (first && !has_code(*line)) return Reply{0, std::string(*line), {}};
    if (first) reply.code = (line->front() - '0') * 100 + ((*line)[1] - '0') * 10 + ((*line)[2] - '0');
    // FTP's lines in between may lack the code.
    const bool coded = has_code(*line);
    reply.texts.emplace_back(coded ? line->substr(std::min<std::size_t>(4, line->size())) : *line);
    if (coded && (line->size() == 3 || (*line)[3] == ' ')) {
      reply.last = *line;
      received.erase(0, used);
      return reply;
    }
  }
  return std::nullopt;
}

class ReplyCodeDialogue final : public Dialogue {
 public:
  ReplyCodeDialogue(Starttls protocol, const DialogueNames& names) : protocol_(protocol), own_(names.own_address) {}

  Result<Turn> answer(std::string& received) override {
    auto reply = take_reply(received);
    // FTP: ready in some minutes. The reply that counts follows.
    while (reply && reply->code == 120 && stage_ == Stage::kGreeting) reply = take_reply(received);
    if (!reply) return Turn{};
    if (reply->code == 0) return not_spoken(protocol_, reply->last);
    switch (stage_) {
      case Stage::kGreeting:
        if (reply->code != 220) return starttls_refused(reply->last);
        if (protocol_ == Starttls::kFtp) return ask("AUTH TLS\r\n");
        stage_ = Stage::kHello;
        return Turn{fmt::format("{} {}\r\n", protocol_ == Starttls::kLmtp ? "LHLO" : "EHLO", own_)};
      case Stage::kHello: {
        if (reply->code != 250) return starttls_refused(reply->last);
        const auto offers = [](const std::string& text) { return equal_ignoring_case(text, "STARTTLS"); };
        if (std::ranges::none_of(reply->texts, offers)) return starttls_refused({});
        return ask("STARTTLS\r\n");
      }
      case Stage::kAsked:
        if (reply->code != (protocol_ == Starttls::kFtp ? 234 : 220)) return starttls_refused(reply->last);
        return Turn{{}, true};
    }
    return Turn{};
  }

 private:
  enum class Stage { kGreeting, kHello, kAsked };

  Turn ask(std::string command) {
    stage_ = Stage::kAsked;
    return Turn{std::move(command)};
  }

  Starttls protocol_;
  std::string own_;
  Stage stage_ = Stage::kGreeting;
};

}  // namespace

std::unique_ptr<Dialogue> make_reply_code_dialogue(Starttls protocol, const DialogueNames& names) {
  return std::make_unique<ReplyCodeDialogue>(protocol, names);
}

}  // namespace certferry::probe
