// Bindings: how one service takes the certificate of a type (docs/bindings.md). TOML in, values out; reads no file.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace certferry::deploy {

// What a file holds. PEM unless said otherwise.
enum class Content {
  kFullChain,  // leaf, then intermediates
  kChain,      // intermediates
  kLeaf,
  kKeyPkcs8,
  kKeyTraditional,   // PKCS#1 for RSA, SEC 1 for EC, PKCS#8 for the others
  kFullChainAndKey,  // haproxy
  kKeyAndFullChain,  // postfix
  kPkcs12,           // binary
  kKeyId,            // the `kid` of tokens: deploy/jwks.h
  kJwkSet,           // the public keys of next, current and previous: JSON; not of one generation
};
[[nodiscard]] std::string_view name_of(Content content);
[[nodiscard]] bool holds_key(Content content);

// A file that a binding writes. Placeholders in `path`: ${folder} (all files there are switched at once), ${home},
// ${type}, ${name} (of the binding). A JWK Set lies outside ${folder}: it changes at other times than the others
// (deploy/published_file.h).
struct BoundFile {
  Content content = Content::kFullChain;
  std::string path;
  std::string owner = "root";
  std::string group = "root";
  unsigned mode = 0644;
  std::string password_file;  // of a PKCS#12 file
  std::string alias;          // of its entry; empty: the binding's name
  bool operator==(const BoundFile&) const = default;
};

// A program to run. Placeholders in `argv` and `input`: those of a path and ${live}, the folder live/<Type>/current.
struct BoundCommand {
  std::vector<std::string> argv;
  std::string input;
  std::string expect;      // what its output has to hold, where exit codes lie; empty: anything
  bool as_account = false;  // as the service's account, not as root
  bool operator==(const BoundCommand&) const = default;
};

// One of: nothing (the service watches its files), a command, a signal, haproxy's runtime socket, hooks for certbot.
struct Reload {
  enum class Kind { kNone, kCommand, kSignal, kRuntimeSocket, kCertbotHooks };
  Kind kind = Kind::kNone;
  BoundCommand command;
  int signal = 0;
  std::string pid_file;    // of a signal; empty: the first process of `executable` whose parent is not one
  std::string executable;  // what the process has to be
  std::string socket;
  std::string hooks;        // the folder of certbot's deploy hooks
  std::string certificate;  // the file's name in haproxy's configuration; placeholders as in a path
  int retries = 0;
  std::chrono::milliseconds quiet{0};  // nobody should connect for so long before and after
  bool operator==(const Reload&) const = default;
};

// Connections to ask afterwards.
struct BoundProbe {
  std::string address;  // "127.0.0.1", "::1", "host.example"
  int port = 0;
  std::vector<std::string> server_names;  // none: each name of the certificate that is not a wildcard
  std::string starttls;                   // "smtp", …; empty: TLS from the start
  std::vector<std::string> keys;          // "rsa", "ecdsa"; none: whatever it serves
  int connections = 3;                    // answers in a row that have to be right
  bool operator==(const BoundProbe&) const = default;
};

struct Limits {
  std::chrono::seconds test{30};
  std::chrono::seconds reload{30};
  std::chrono::seconds probe{15};  // until the new certificate has to be served
  bool operator==(const Limits&) const = default;
};

enum class OnFailure { kRollBack, kKeep };

struct Binding {
  std::string name;
  std::string description;
  std::string origin;  // the file it was read from
  bool built_in = false;
  std::vector<std::string> types;
  std::string account;     // whom the service runs as; empty: root
  bool key_reader_is_account = false;  // the key is opened by `account`, not by root
  bool grant_key = false;  // `account` may have the key whatever PrivateKeyExportable says; only in root's local files
  std::vector<std::string> keys;  // "rsa", "ec", "ed25519": what the service takes; none: all
  bool restart_for_other_key = false;  // a reload keeps serving the old one when the key's kind changes
  std::vector<std::string> detect;  // files that are there where the service is installed
  std::vector<BoundFile> files;
  std::vector<BoundCommand> prepare;  // run after the flip, before the reload, in their order
  std::optional<BoundCommand> test;
  Reload reload;
  std::optional<Reload> fallback;  // where `reload` cannot be done at all
  std::optional<BoundCommand> restart;
  std::vector<BoundProbe> probes;
  Limits limits;
  OnFailure on_failure = OnFailure::kRollBack;

  [[nodiscard]] bool takes(std::string_view type) const;
  // Whether it has a file from which verifiers of tokens learn keys.
  [[nodiscard]] bool publishes_keys() const;
};

// What placeholders stand for.
struct BindingPlace {
  std::string home;
  std::string type;
  std::string name;  // of the binding

  [[nodiscard]] std::string generations() const { return home + "/services/" + name + "/" + type; }
  [[nodiscard]] std::string folder() const { return generations() + "/current"; }
  [[nodiscard]] std::string live() const { return home + "/live/" + type + "/current"; }
  [[nodiscard]] std::string expand(std::string_view text) const;
};

// CF1640 no TOML, CF1641 an unknown key (with the nearest one), CF1642 a value of the wrong kind, CF1643 a value that
// means nothing or is dangerous, CF1644 something is missing. Each message shows file, line, column, the line's text and
// a caret below the place: "nginx.toml:12:1: …".
[[nodiscard]] Result<Binding> parse_binding(std::string_view text, const std::string& file);

}  // namespace certferry::deploy
