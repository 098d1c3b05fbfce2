// `certferry store migrate`: the home's store moves to another engine.
#pragma once

#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// `target`: "sqlite" or "etcd://…". Copies, compares, marks the old store as one that has moved, and names the new one in
// certferry.toml, in this order: a command meets the old store, or the new one, or is told to wait, and never writes to the wrong
// one. May be killed anywhere and run again. CF1512, CF1515 to CF1517; CF1757 the home may not have another store, CF1758
// certferry.toml is to be changed by hand.
[[nodiscard]] Outcome migrate_store(Environment& environment, Home& home, const std::string& target, bool what_if);

// `text`, a certferry.toml, with `url` below [store] and all else as it was. Nothing where that cannot be done safely.
[[nodiscard]] std::optional<std::string> with_store_url(const std::string& text, const std::string& url);

}  // namespace certferry::commands
