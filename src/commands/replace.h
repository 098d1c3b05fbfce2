// `certferry replace`: certificates that must not serve any longer (a key got out, an authority fell) are replaced wherever they serve, in
// waves of computers, and no wave begins before the one before it said that it serves the new one.
//
// The computers of early waves get assignments of their own (computer:); the last wave assigns the scopes themselves, and takes those
// back, which changes nothing on any computer. What is done lies in the store: a run that was killed, or that stopped, is
// gone on with by its id.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct ReplaceOptions {
  // One of them: what is to be replaced.
  std::string issued_by;  // name of an authority anywhere above: its common name, or the whole name
  std::string key;  // SHA-256 of a public key (SubjectPublicKeyInfo), hex
  std::string thumbprint;  // or its beginning, or a SHA-256
  std::vector<std::string> with;  // files: they are imported first
  const Secret* password = nullptr;  // of the files; borrowed
  std::vector<std::string> trust;  // files of anchors
  std::string waves = "1,10%,100%";
  bool pause = false;  // ends after each wave
  bool confirm = false;
  bool what_if = false;
  std::chrono::seconds limit{600};  // for the computers of one wave
};

// CF2416 (kPartly): not every computer of a wave serves the new one, or said so in time; no further wave has begun. CF2417: nothing is affected.
// CF2418: a certificate that serves names which none of the files covers. CF2419 (kUsage): not one thing to be replaced is named.
[[nodiscard]] Outcome replace_certificates(Environment& environment, Home& home, const ReplaceOptions& options);
// Goes on; empty: with the last one. CF2420 where there is none, or where it ended.
[[nodiscard]] Outcome resume_replacement(Environment& environment, Home& home, const std::string& id, bool pause,
                                         std::chrono::seconds limit);
// Every scope and computer gets back what it had.
[[nodiscard]] Outcome abort_replacement(Environment& environment, Home& home, const std::string& id);
[[nodiscard]] Outcome list_replacements(Environment& environment, Home& home);

}  // namespace certferry::commands
