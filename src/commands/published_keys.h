// What verifiers of tokens can learn on this computer: the JWK Sets of its bindings, and since when they hold a key.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "commands/catalog.h"
#include "commands/environment.h"
#include "commands/reconcile.h"
#include "deploy/binding.h"
#include "deploy/generations.h"

namespace certferry::commands {

// The sets of one type. Borrows everything; under the home's lock.
class PublishedKeys {
 public:
  PublishedKeys(Environment& environment, const Home& home, Catalog& catalog, std::string type,
                const std::vector<deploy::Binding>& bindings);

  // Before a flip: what shall be and what is, so that whatever the flip comes to, the key that signs is in the sets.
  [[nodiscard]] Result<> widen(const Target& target, const deploy::Live& live);
  // After it: current, next and previous alone.
  [[nodiscard]] Result<> narrow(const Target& target);

 private:
  [[nodiscard]] Result<> bring_to(const std::vector<std::string>& certificates);

  Environment& environment_;
  const Home& home_;
  Catalog& catalog_;
  std::string type_;
  const std::vector<deploy::Binding>& bindings_;
};

// A staged certificate whose key verifiers can learn from now on.
struct PublishedKey {
  fleet::Scope scope;
  std::string type;
  std::string sha256;
};

// Of the target, where it was not known before and its type signs tokens; else nothing.
[[nodiscard]] std::optional<PublishedKey> newly_published(const Target& target, const fleet::Type* type);
// Writes since when into the store, with an audit record. What it did, one sentence each.
[[nodiscard]] Result<std::vector<std::string>> record_published(Environment& environment, store::Store& store,
                                                                const std::vector<PublishedKey>& keys);

}  // namespace certferry::commands
