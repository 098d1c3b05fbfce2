// PostgreSQL's and MySQL's requests for TLS: a few octets before the first real message.
#include <fmt/format.h>

#include "base/bytes.h"
#include "probe/starttls_dialogues.h"

namespace certferry::probe {
namespace {

std::uint8_t octet(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
class PostgresqlDialogue final : public Dialogue {
 public:
  std::string opening() override { return std::string("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8); }

  Result<Turn> answer(std::string& received) override {
    if (received.empty()) return Turn{};
    switch (received.front()) {
      case 'S': received.erase(0, 1); return Turn{{}, true};
      case 'N': return starttls_refused({});
      case 'E': return error_response(received);
      default: return not_spoken(Starttls::kPostgresql, received);
    }
  }

 private:
  // ErrorResponse: a length, then fields of a letter and a text ended by NUL; 'M' is the message.
  static Result<Turn> error_response(std::string_view received) {
    if (received.size() < 5) return Turn{};
    std::size_t length = 0;
    for (std::size_t i = 1; i <= 4; ++i) length = length << 8 | octet(received, i);
    // Servers before 7.4 write text at once.
    if (length < 5 || length > 30'000) return starttls_refused(received.substr(1, received.find('\0') - 1));
    if (received.size() < length + 1) return Turn{};
    std::string_view fields = received.substr(5, length - 4);
    while (!fields.empty() && fields.front() != '\0') {
      const std::string_view text = fields.substr(1, fields.find('\0') - 1);
      if (fields.front() == 'M') return starttls_refused(text);
      fields.remove_prefix(std::min(fields.size(), text.size() + 2));
    }
    return starttls_refused("an error without a text");
  }
};

// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
class MysqlDialogue final : public Dialogue {
 public:
  Result<Turn> answer(std::string& received) override {
    if (received.size() < 5) return Turn{};
    const std::size_t length =
        octet(received, 0) | std::size_t{octet(received, 1)} << 8 | std::size_t{octet(received, 2)} << 16;
    const std::uint8_t version = octet(received, 4);
    if (length < 4 || length > 4096 || octet(received, 3) != 0 || (version != 10 && version != 0xff))
      return not_spoken(Starttls::kMysql, received);
    if (received.size() < 4 + length) return Turn{};
    const std::string greeting = received.substr(4, length);
    received.erase(0, 4 + length);
    // An error instead of a greeting: two octets of number, then the text.
    if (version == 0xff) return starttls_refused(std::string_view(greeting).substr(3));
    const std::size_t name_end = greeting.find('\0');
    // Thread, first part of the challenge, a filler stand before the capabilities.
    const std::size_t capabilities = name_end + 1 + 4 + 8 + 1;
    if (name_end == std::string::npos || greeting.size() < capabilities + 2)
      return not_spoken(Starttls::kMysql, greeting);
    if (!(octet(greeting, capabilities + 1) & 0x08)) return starttls_refused({});
    return Turn{request(), true};
  }

 private:
  // SSLRequest: CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION; packets up to 16 MiB; UTF-8.
  static std::string request() {
    std::string packet("\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x21", 13);
    return packet + std::string(23, '\0');
  }
};

}  // namespace

std::unique_ptr<Dialogue> make_postgresql_dialogue() { return std::make_unique<PostgresqlDialogue>(); }
std::unique_ptr<Dialogue> make_mysql_dialogue() { return std::make_unique<MysqlDialogue>(); }

}  // namespace certferry::probe
