#include "commands/admin_role.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "fleet/role.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "seal/keys.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

struct StoredDelegation {
  fleet::Delegation delegation;
  store::Revision revision = 0;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> texts(const std::vector<fleet::Scope>& scopes) {
  std::vector<std::string> all;
  for (const fleet::Scope& scope : scopes) all.push_back(scope.text());
  return all;
}

// Those that the root signed; none outside a fleet.
Result<std::vector<StoredDelegation>> delegations(Home& home) {
  std::vector<StoredDelegation> all;
  if (!home.membership()) return all;
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_TRY(fleet_trust(home, *store));  // verifies each of them
  CERTFERRY_ASSIGN(const store::Listing listing, store->list(fleet::kDelegationKeys));
  for (const store::Entry& entry : listing.entries) {
    CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(entry.value));
    CERTFERRY_ASSIGN(fleet::Delegation delegation, fleet::statement_from_json<fleet::Delegation>(envelope.payload));
    all.push_back({std::move(delegation), entry.revision});
  }
  return all;
}

std::vector<std::string> cmdlets_of(const fleet::Delegation& delegation) {
  const bool all = std::ranges::find(delegation.cmdlets, "*") != delegation.cmdlets.end();
  return all ? fleet::find_standard_role("CsAdministrator")->cmdlets : delegation.cmdlets;
}

// The standard role with the same rights; empty: none.
std::string template_of(const fleet::Delegation& delegation) {
  const std::vector<std::string> cmdlets = cmdlets_of(delegation);
  for (const fleet::StandardRole& role : fleet::standard_roles()) {
    if (role.cmdlets == cmdlets) return std::string(role.name);
  }
  return "";
}

std::unexpected<Error> no_such_role(const std::string& name) {
  return fail(ErrorKind::kUsage, "CF1777", "there is no role " + name, "`certferry admin-role` shows those there are");
}

class Roles {
 public:
  Roles(Environment& environment, Home& home, const AdminRoleOptions& options)
      : home_(home), options_(options), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    const Result<> done = look();
    frame_.document.status = report::Status::kShown;
    frame_.document.headline = done ? "Roles of administration" : "No role is shown";
    if (!table_.rows.empty()) frame_.document.tables.push_back(std::move(table_));
    return frame_.finish(done, false, {{"roles", std::move(json_)}});
  }

 private:
  [[nodiscard]] Result<> look() {
    for (const fleet::StandardRole& role : fleet::standard_roles())
      add(std::string(role.name), "", role.cmdlets, {"Global"}, {}, true, "");
    CERTFERRY_ASSIGN(const std::vector<StoredDelegation> stored, delegations(home_));
    for (const auto& [delegation, revision] : stored) {
      if (delegation.cmdlets.empty()) continue;  // removed
      add(delegation.name, seal::key_id(delegation.key), cmdlets_of(delegation), texts(delegation.scopes),
          delegation.types.value_or(std::vector<std::string>()), false, template_of(delegation));
    }
    if (json_.empty() && !options_.identity.empty()) return no_such_role(options_.identity);
    return {};
  }

  void add(const std::string& name, const std::string& sid, const std::vector<std::string>& cmdlets,
           const std::vector<std::string>& scopes, const std::vector<std::string>& types, bool standard,
           const std::string& role_template) {
    if (!options_.identity.empty() && !equal_ignoring_case(options_.identity, name)) return;
    if (!options_.filter.empty() && !fleet::matches_wildcard(options_.filter, name)) return;
    if (!options_.sid.empty() && options_.sid != sid) return;
    json_.push_back({{"identity", name},
                     {"sid", sid},
                     {"is_standard_role", standard},
                     {"template", role_template},
                     {"cmdlets", cmdlets},
                     {"config_scopes", scopes},
                     {"user_scopes", ordered_json::array()},
                     {"types", types}});
    table_.rows.push_back(
        {name, standard ? "yes" : "no", joined(scopes), types.empty() ? "all" : joined(types), joined(cmdlets)});
  }

  Home& home_;
  const AdminRoleOptions& options_;
  Frame frame_;
  report::Table table_{"", {"Identity", "Standard", "Where", "Types", "Cmdlets"}, {}};
  ordered_json json_ = ordered_json::array();
};

class ChangeRole {
 public:
  ChangeRole(Environment& environment, Home& home, RoleChange change, const RoleOptions& options)
      : environment_(environment),
        home_(home),
        change_(change),
        options_(options),
        frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    const Result<> done = carry_out();
    frame_.document.status = changed_ ? report::Status::kDone : report::Status::kNothing;
    frame_.document.headline = !done       ? "No role was changed"
                               : !changed_ ? options_.name + " is so already"
                                           : headline();
    if (done && change_ == RoleChange::kNew)
      frame_.document.summary = {"Its key is in " + options_.output + ": whoever has it has the role."};
    return frame_.finish(done, changed_, {{"identity", options_.name}, {"changed", changed_}});
  }

 private:
  [[nodiscard]] std::string headline() const {
    switch (change_) {
      case RoleChange::kNew: return "Made the role " + options_.name;
      case RoleChange::kSet: return "Changed the role " + options_.name;
      case RoleChange::kRemove: return "Took every right from " + options_.name;
    }
    return "";
  }

  [[nodiscard]] Result<> carry_out() {
    if (fleet::find_standard_role(options_.name)) {
      return fail(ErrorKind::kUsage, "CF1778", options_.name + " is a standard role: it cannot be changed",
                  "make one of your own: certferry role new NAME --template " + options_.name);
    }
    CERTFERRY_ASSIGN(store_, home_.store());
    CERTFERRY_TRY(fleet_trust(home_, *store_));
    CERTFERRY_ASSIGN(const seal::OwnKey root, read_key(environment_, home_.path(), FleetKey::kRoot));
    CERTFERRY_ASSIGN(const std::vector<StoredDelegation> all, delegations(home_));
    const auto found = std::ranges::find_if(all, [&](const StoredDelegation& one) {
      return equal_ignoring_case(one.delegation.name, options_.name) && !one.delegation.cmdlets.empty();
    });
    if (change_ == RoleChange::kNew) {
      if (found == all.end()) return make(root);
      return fail(ErrorKind::kFailed, "CF1779", "there is a role " + options_.name + " already",
                  "change it with `certferry role set`, or take another name");
    }
    if (found == all.end()) return no_such_role(options_.name);
    fleet::Delegation after = found->delegation;
    if (change_ == RoleChange::kRemove) after.cmdlets.clear();
    else CERTFERRY_TRY(apply(after));
    if (after == found->delegation) return {};
    ++after.head.counter;
    after.head.issued = frame_.now();
    return commit(root, after, found->revision);
  }

  [[nodiscard]] Result<> make(const seal::OwnKey& root) {
    if (options_.output.empty() || !options_.role_template) {
      return fail(ErrorKind::kUsage, "CF1792", "a new role needs a template and a file for its key",
                  "certferry role new " + options_.name + " --template CsServerAdministrator --output FILE");
    }
    CERTFERRY_ASSIGN(const x509::PrivateKey key, seal::make_key());
    fleet::Delegation made{{home_.membership()->fleet, 1, frame_.now()},
                           options_.name,
                           to_bytes(key.public_key().spki()),
                           {},
                           {},
                           {fleet::Scope::global()},
                           {}};
    CERTFERRY_TRY(apply(made));
    // The key first: rights that nobody can use do no harm.
    CERTFERRY_TRY(environment_.files.write_new(options_.output, key.pem().view(), 0600));
    CERTFERRY_TRY(environment_.files.sync(options_.output));
    return commit(root, made, 0);
  }

  [[nodiscard]] Result<> apply(fleet::Delegation& delegation) const {
    if (options_.role_template) {
      const fleet::StandardRole* const role = fleet::find_standard_role(*options_.role_template);
      if (!role) return no_such_role(*options_.role_template);
      delegation.cmdlets = role->cmdlets;
    }
    if (!options_.scopes.empty()) delegation.scopes.clear();
    for (const std::string& text : options_.scopes) {
      CERTFERRY_ASSIGN(fleet::Scope scope, fleet::Scope::parse(text));
      delegation.scopes.push_back(std::move(scope));
    }
    if (!options_.types) return {};
    delegation.types.reset();
    if (options_.types->empty()) return {};
    CERTFERRY_ASSIGN(delegation.types, home_.config().types.parse_list(*options_.types));
    return {};
  }

  [[nodiscard]] Result<> commit(const seal::OwnKey& root, const fleet::Delegation& delegation, store::Revision before) {
    CERTFERRY_ASSIGN(const seal::Envelope envelope,
                     seal::sign_statement(fleet::Delegation::kKind, fleet::to_json(delegation), root));
    const std::string key = fleet::delegation_key(seal::key_id(delegation.key));
    store::Batch batch;
    batch.expect(key, before);
    batch.put(key, seal::to_json(envelope));
    frame_.document.steps.push_back({home_.config().computer.fqdn,
                                     delegation.cmdlets.empty()
                                         ? "take every right from " + delegation.name
                                         : "let " + delegation.name + " run " + joined(delegation.cmdlets) + " at " +
                                               joined(texts(delegation.scopes)),
                                     report::Step::State::kDone, ""});
    CERTFERRY_TRY(store::append_audit(
        *store_, batch, {0, frame_.now(), frame_.actor(), environment_.command_line, frame_.actions(), ""}));
    CERTFERRY_TRY(store_->commit(batch));
    changed_ = true;
    return {};
  }

  Environment& environment_;
  Home& home_;
  const RoleChange change_;
  const RoleOptions& options_;
  Frame frame_;
  store::Store* store_ = nullptr;
  bool changed_ = false;
};

}  // namespace

Outcome show_admin_roles(Environment& environment, Home& home, const AdminRoleOptions& options) {
  return Roles(environment, home, options).run();
}

Outcome change_role(Environment& environment, Home& home, RoleChange change, const RoleOptions& options) {
  return ChangeRole(environment, home, change, options).run();
}

}  // namespace certferry::commands
