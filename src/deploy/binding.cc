#include "deploy/binding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/ascii.h"
#include "base/suggest.h"
#include "deploy/binding_toml.h"
#include "fleet/toml_guard.h"

namespace certferry::deploy {
namespace {

struct ContentName {
  Content content;
  std::string_view name;
  bool key;
};
constexpr std::array<ContentName, 10> kContents = {{{Content::kFullChain, "fullchain", false},
                                                    {Content::kChain, "chain", false},
                                                    {Content::kLeaf, "leaf", false},
                                                    {Content::kKeyPkcs8, "key", true},
                                                    {Content::kKeyTraditional, "key-traditional", true},
                                                    {Content::kFullChainAndKey, "fullchain+key", true},
                                                    {Content::kKeyAndFullChain, "key+fullchain", true},
                                                    {Content::kPkcs12, "pkcs12", true},
                                                    {Content::kKeyId, "kid", false},
                                                    {Content::kJwkSet, "jwks", false}}};

constexpr std::array<std::pair<std::string_view, int>, 5> kSignals = {
    {{"SIGHUP", SIGHUP}, {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGTERM", SIGTERM}, {"SIGINT", SIGINT}}};
constexpr std::array<std::string_view, 11> kStarttls = {
    "smtp", "lmtp", "imap", "pop3", "sieve", "ldap", "xmpp-client", "xmpp-server", "postgresql", "mysql", "ftp"};
constexpr std::array<std::string_view, 5> kPathWords = {"folder", "home", "type", "name", "live"};

// A word out of a list, or the mistake.
template <typename List>
bool one_of(TomlTable& table, std::string_view key, std::string_view value, const List& list) {
  if (std::ranges::find(list, value) != list.end()) return true;
  std::vector<std::string> names(list.begin(), list.end());
  table.refuse("CF1643", key, fmt::format("'{}' is not a value of '{}'", value, key),
               suggestion(value, names, fmt::format("use one of {}", fmt::join(names, ", "))));
  return false;
}

void check_words(TomlTable& table, std::string_view key, std::string_view text, bool live) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    const std::size_t end = text.find('}', at);
    const std::string_view word = text.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
    const bool known = std::ranges::find(kPathWords, word) != kPathWords.end() && (live || word != "live");
    if (end != std::string_view::npos && known) continue;
    table.refuse("CF1643", key, fmt::format("'${{{}}}' is no placeholder here", word),
                 fmt::format("use ${{folder}}, ${{home}}, ${{type}}, ${{name}}{}", live ? " or ${live}" : ""));
  }
}

// Absolute, without a way back up.
void check_path(TomlTable& table, std::string_view key, std::string_view path, bool placeholders, bool live = false) {
  if (placeholders) check_words(table, key, path, live);
  const bool absolute =
      path.starts_with('/') || (placeholders && (path.starts_with("${folder}/") || path.starts_with("${home}/") ||
                                                 (live && path.starts_with("${live}/"))));
  const bool climbs = (std::string(path) + "/").find("/../") != std::string::npos;
  const bool controls = std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!absolute || climbs || controls || path.ends_with('/')) {
    table.refuse(
        "CF1643", key, fmt::format("'{}' is no absolute path of a file", path),
        placeholders ? "begin it with / or ${folder}/, without .. in it" : "begin it with /, without .. in it");
  }
}

void check_account(TomlTable& table, std::string_view key, std::string_view name) {
  const bool plain = std::ranges::all_of(
      name, [](char c) { return ascii_letter(c) || ascii_digit(c) || c == '-' || c == '_' || c == '.' || c == '$'; });
  if (name.empty() || !plain || name.starts_with('-')) {
    table.refuse("CF1643", key, fmt::format("'{}' is not an account or group", name), "write a name as in /etc/passwd");
  }
}

void read_mode(TomlTable& table, BoundFile& file) {
  const std::string text = table.text("mode", holds_key(file.content) ? "0600" : "0644");
  const bool octal =
      text.size() == 4 && text.front() == '0' && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; });
  if (!octal) {
    table.refuse("CF1643", "mode", fmt::format("'{}' is no mode", text), "write it as four octal digits: \"0640\"");
    return;
  }
  file.mode = static_cast<unsigned>(std::stoul(text, nullptr, 8));
  if (holds_key(file.content) && (file.mode & 0137) != 0) {
    table.refuse("CF1643", "mode", fmt::format("{} lets others use a private key", text),
                 "a file that holds a key has the mode 0600, 0400, 0640 or 0440");
  } else if ((file.mode & 0133) != 0) {
    table.refuse("CF1643", "mode", fmt::format("{} lets others change or execute the file", text), "use 0644 or less");
  }
}

// Keys come into a set and leave it before and after a flip, and each type has keys of its own.
void check_key_set(TomlTable& table, const BoundFile& file, const Binding& binding) {
  if (file.path.starts_with("${folder}/")) {
    table.refuse("CF1643", "path", "a JWK Set does not change with the files of ${folder}",
                 "put it elsewhere: path = \"${home}/jwks/${type}.json\"");
  } else if (binding.types.size() > 1 && file.path.find("${type}") == std::string::npos) {
    table.refuse("CF1643", "path", "the keys of several types cannot be in one JWK Set",
                 "name the type in the path: \"${home}/jwks/${type}.json\"");
  }
}

BoundFile read_file(TomlTable table, const Binding& binding) {
  BoundFile file;
  std::vector<std::string_view> names;
  for (const ContentName& each : kContents) names.push_back(each.name);
  const std::string content = table.text("content");
  if (content.empty()) {
    table.refuse("CF1644", "content", "[[file]] has no 'content'", "say what the file holds: content = \"fullchain\"");
  } else if (one_of(table, "content", content, names)) {
    file.content = std::ranges::find(kContents, content, &ContentName::name)->content;
  }
  file.path = table.text("path");
  check_path(table, "path", file.path, true);
  if (file.path.starts_with("${folder}/") && file.path.find('/', 10) != std::string::npos) {
    table.refuse("CF1643", "path", "${folder} holds files, no folders", "leave the inner folder out");
  }
  if (file.content == Content::kJwkSet) check_key_set(table, file, binding);
  file.owner = table.text("owner", "root");
  file.group = table.text("group", "root");
  check_account(table, "owner", file.owner);
  check_account(table, "group", file.group);
  read_mode(table, file);
  file.alias = table.text("alias");
  file.password_file = table.text("password_file");
  if (!file.password_file.empty()) check_path(table, "password_file", file.password_file, false);
  if ((file.content == Content::kPkcs12) == file.password_file.empty()) {
    table.refuse("CF1644", "password_file", "'password_file' belongs to content = \"pkcs12\", which needs it",
                 "name the file that holds the keystore's password on its first line");
  }
  if (file.alias.empty()) file.alias = binding.name;
  table.finish();
  return file;
}

void read_command_keys(TomlTable& table, BoundCommand& command) {
  command.argv = table.texts("command");
  if (command.argv.empty() || command.argv.front().empty()) {
    table.refuse("CF1644", "command", "a command needs its program", "write command = [\"/usr/sbin/…\", \"-t\"]");
  } else {
    check_path(table, "command", command.argv.front(), false);
  }
  for (const std::string& word : command.argv) check_words(table, "command", word, true);
  command.input = table.text("input");
  check_words(table, "input", command.input, true);
  command.expect = table.text("expect");
  const std::string as = table.text("as", "root");
  if (one_of(table, "as", as, std::array<std::string_view, 2>{"root", "account"})) command.as_account = as == "account";
}

BoundCommand read_command(TomlTable table) {
  BoundCommand command;
  read_command_keys(table, command);
  table.finish();
  return command;
}

void read_signal(TomlTable& table, Reload& reload) {
  std::vector<std::string_view> names;
  for (const auto& [name, number] : kSignals) names.push_back(name);
  const std::string name = table.text("signal");
  if (one_of(table, "signal", name, names)) {
    reload.signal = std::ranges::find(kSignals, name, &decltype(kSignals)::value_type::first)->second;
  }
  reload.pid_file = table.text("pid_file");
  if (!reload.pid_file.empty()) check_path(table, "pid_file", reload.pid_file, false);
  reload.executable = table.text("executable");
  check_path(table, "executable", reload.executable, false);
}

Reload read_reload(TomlTable table) {
  Reload reload;
  const bool none = table.flag("none");
  const int kinds = (none ? 1 : 0) + table.has("command") + table.has("signal") + table.has("runtime_socket") +
                    table.has("certbot_hooks");
  if (kinds != 1) {
    table.refuse("CF1644", "", "a reload is one of 'command', 'signal', 'runtime_socket', 'certbot_hooks' and 'none'",
                 "keep one of them; 'none = true' is for services that watch their files");
  }
  if (table.has("command")) {
    reload.kind = Reload::Kind::kCommand;
    read_command_keys(table, reload.command);
  } else if (table.has("signal")) {
    reload.kind = Reload::Kind::kSignal;
    read_signal(table, reload);
  } else if (table.has("certbot_hooks")) {
    reload.kind = Reload::Kind::kCertbotHooks;
    reload.hooks = table.text("certbot_hooks");
    check_path(table, "certbot_hooks", reload.hooks, false);
  } else if (table.has("runtime_socket")) {
    reload.kind = Reload::Kind::kRuntimeSocket;
    reload.socket = table.text("runtime_socket");
    check_path(table, "runtime_socket", reload.socket, false);
    reload.certificate = table.text("certificate");
    check_path(table, "certificate", reload.certificate, true);
    // A blank, quote or semicolon would end the word in haproxy's command language.
    if (reload.certificate.find_first_of(" \t\"';\\") != std::string::npos) {
      table.refuse("CF1643", "certificate", "haproxy's commands cannot hold this path",
                   "use a path without blanks and quotes");
    }
  }
  reload.retries = table.number("retries", 0, 0, 10);
  reload.quiet = std::chrono::milliseconds(table.number("quiet_ms", 0, 0, 10'000));
  table.finish();
  return reload;
}

BoundProbe read_probe(TomlTable table) {
  BoundProbe probe;
  probe.address = table.text("address", "127.0.0.1");
  const bool plain = std::ranges::all_of(probe.address, [](char c) {
    return ascii_letter(c) || ascii_digit(c) || c == '.' || c == ':' || c == '-' || c == '%';
  });
  if (probe.address.empty() || !plain) {
    table.refuse("CF1643", "address", fmt::format("'{}' is no address", probe.address),
                 "write an IP address or a host's name");
  }
  if (!table.has("port")) table.refuse("CF1644", "port", "[[probe]] has no 'port'", "add port = 443");
  probe.port = table.number("port", 0, 1, 65535);
  probe.server_names = table.texts("server_names");
  probe.starttls = table.text("starttls");
  if (!probe.starttls.empty()) one_of(table, "starttls", probe.starttls, kStarttls);
  probe.keys = table.texts("keys");
  for (const std::string& key : probe.keys) one_of(table, "keys", key, std::array<std::string_view, 2>{"rsa", "ecdsa"});
  probe.connections = table.number("connections", 3, 1, 100);
  table.finish();
  return probe;
}

void read_general(TomlTable& root, Binding& binding) {
  binding.name = root.text("name");
  const bool plain = std::ranges::all_of(
      binding.name, [](char c) { return (ascii_letter(c) && c == ascii_lower(c)) || ascii_digit(c) || c == '-'; });
  if (binding.name.empty() || binding.name.size() > 64 || !plain || binding.name.starts_with('-')) {
    root.refuse("CF1643", "name", fmt::format("'{}' is no name of a binding", binding.name),
                "use lower-case letters, digits and -, as in name = \"nginx\"");
  }
  binding.description = root.text("description");
  binding.types = root.texts("types");
  for (const std::string& type : binding.types) {
    if (type.empty() || !std::ranges::all_of(type, [](char c) { return ascii_letter(c) || ascii_digit(c); })) {
      root.refuse("CF1643", "types", fmt::format("'{}' is no certificate type", type),
                  "`certferry type list` shows them");
    }
  }
  binding.account = root.text("account");
  if (!binding.account.empty()) check_account(root, "account", binding.account);
  const std::string reader = root.text("key_reader", "root");
  one_of(root, "key_reader", reader, std::array<std::string_view, 2>{"root", "account"});
  binding.key_reader_is_account = reader == "account";
  if (binding.key_reader_is_account && binding.account.empty()) {
    root.refuse("CF1644", "key_reader", "key_reader = \"account\" without an 'account'",
                "name whom the service runs as");
  }
  binding.grant_key = root.flag("grant_key");
  binding.keys = root.texts("keys");
  for (const std::string& key : binding.keys) {
    one_of(root, "keys", key, std::array<std::string_view, 3>{"rsa", "ec", "ed25519"});
  }
  binding.restart_for_other_key = root.flag("restart_for_other_key");
  binding.detect = root.texts("detect");
  for (const std::string& path : binding.detect) check_path(root, "detect", path, false);
  const std::string failure = root.text("on_failure", "roll-back");
  one_of(root, "on_failure", failure, std::array<std::string_view, 2>{"roll-back", "keep"});
  binding.on_failure = failure == "keep" ? OnFailure::kKeep : OnFailure::kRollBack;
}

void read_all(TomlTable root, Binding& binding) {
  read_general(root, binding);
  for (TomlTable& table : root.tables("file")) binding.files.push_back(read_file(table, binding));
  for (TomlTable& table : root.tables("prepare")) binding.prepare.push_back(read_command(table));
  for (TomlTable& table : root.tables("probe")) binding.probes.push_back(read_probe(table));
  if (auto table = root.table("test")) binding.test = read_command(*table);
  if (auto table = root.table("reload")) binding.reload = read_reload(*table);
  if (auto table = root.table("fallback")) binding.fallback = read_reload(*table);
  if (auto table = root.table("restart")) binding.restart = read_command(*table);
  if (auto table = root.table("limits")) {
    binding.limits.test = std::chrono::seconds(table->number("test", 30, 1, 600));
    binding.limits.reload = std::chrono::seconds(table->number("reload", 30, 1, 600));
    binding.limits.probe = std::chrono::seconds(table->number("probe", 15, 1, 600));
    table->finish();
  }
  if (!root.has("reload")) {
    root.refuse("CF1644", "", "there is no [reload]",
                "add [reload] with command, signal, runtime_socket, certbot_hooks or none = true");
  }
  root.finish();
}

}  // namespace

std::string_view name_of(Content content) { return std::ranges::find(kContents, content, &ContentName::content)->name; }

bool holds_key(Content content) { return std::ranges::find(kContents, content, &ContentName::content)->key; }

bool Binding::takes(std::string_view type) const {
  return std::ranges::any_of(types, [&](const std::string& each) { return equal_ignoring_case(each, type); });
}

bool Binding::publishes_keys() const {
  return std::ranges::any_of(files, [](const BoundFile& file) { return file.content == Content::kJwkSet; });
}

std::string BindingPlace::expand(std::string_view text) const {
  const std::array<std::pair<std::string_view, std::string>, 5> words = {
      {{"${folder}", folder()}, {"${home}", home}, {"${type}", type}, {"${name}", name}, {"${live}", live()}}};
  std::string expanded;
  while (!text.empty()) {
    const auto word = std::ranges::find_if(words, [&](const auto& each) { return text.starts_with(each.first); });
    expanded += word == words.end() ? std::string(1, text.front()) : word->second;
    text.remove_prefix(word == words.end() ? 1 : word->first.size());
  }
  return expanded;
}

Result<Binding> parse_binding(std::string_view text, const std::string& file) {
  TomlText source{text, file, {}};
  const std::string fix = "correct the line; docs/bindings.md has examples";
  if (const auto mistake = fleet::find_toml_mistake(text)) {
    source.refuse("CF1640", mistake->line, mistake->column, mistake->message, fix);
    return std::unexpected(*source.mistake);
  }
  const toml::parse_result parsed = toml::parse(text, std::string_view(file));
  if (!parsed) {
    const toml::source_position place = parsed.error().source().begin;
    source.refuse("CF1640", place.line, place.column, parsed.error().description(), fix);
    return std::unexpected(*source.mistake);
  }
  Binding binding;
  binding.origin = file;
  read_all(TomlTable(&parsed.table(), source, ""), binding);
  if (source.mistake) return std::unexpected(*source.mistake);
  return binding;
}

}  // namespace certferry::deploy
