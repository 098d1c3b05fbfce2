// The functions beside the table of checks. Each reports what it finds about its own row and nothing else.
#pragma once

#include <optional>
#include <string>

#include "checks/checks.h"

namespace certferry::checks {

// Collects findings of one row after the other. A finding takes severity, fix and source of its row unless it says
// otherwise.
class Reporter {
 public:
  explicit Reporter(Findings& findings) : findings_(findings) {}
  void start(const Check& row) { row_ = &row; }
  void add(std::string message) { add(row_->severity, std::move(message)); }
  void add(Severity severity, std::string message, const std::optional<std::string>& fix = std::nullopt);

 private:
  Findings& findings_;
  const Check* row_ = nullptr;
};

// key_rules.cc
void key_matches(const Context& context, Reporter& report);
void key_present(const Context& context, Reporter& report);
void key_algorithm(const Context& context, Reporter& report);
void explicit_curve(const Context& context, Reporter& report);
void rsa_size(const Context& context, Reporter& report);
void rsa_exponent(const Context& context, Reporter& report);
void key_for_type(const Context& context, Reporter& report);
void key_known_to_clients(const Context& context, Reporter& report);
void signature_digest(const Context& context, Reporter& report);
void chain_strength(const Context& context, Reporter& report);

// date_rules.cc
void expired(const Context& context, Reporter& report);
void not_yet_valid(const Context& context, Reporter& report);
void effective_date(const Context& context, Reporter& report);
void lifetime_left(const Context& context, Reporter& report);
void reversed_validity(const Context& context, Reporter& report);
void lifetime_of_public_ca(const Context& context, Reporter& report);
void lifetime_for_clients(const Context& context, Reporter& report);
void chain_expires_first(const Context& context, Reporter& report);

// name_rules.cc
void names_present(const Context& context, Reporter& report);
void common_name_in_names(const Context& context, Reporter& report);
void names_covered(const Context& context, Reporter& report);
void wildcard_form(const Context& context, Reporter& report);
void wildcard_of_public_suffix(const Context& context, Reporter& report);
void hostile_characters(const Context& context, Reporter& report);
void malformed_names(const Context& context, Reporter& report);
void internal_names(const Context& context, Reporter& report);
void repeated_names(const Context& context, Reporter& report);
void many_names(const Context& context, Reporter& report);
void subject_empty(const Context& context, Reporter& report);

// idn_rules.cc
void idn_readable(const Context& context, Reporter& report);
void idn_mixed_scripts(const Context& context, Reporter& report);
void idn_shown(const Context& context, Reporter& report);

// usage_rules.cc
void extended_usage(const Context& context, Reporter& report);
void client_usage(const Context& context, Reporter& report);
void key_usage(const Context& context, Reporter& report);
void ca_as_leaf(const Context& context, Reporter& report);
void cert_sign_without_ca(const Context& context, Reporter& report);
void any_usage(const Context& context, Reporter& report);
void must_staple(const Context& context, Reporter& report);
void precertificate(const Context& context, Reporter& report);
void unknown_critical(const Context& context, Reporter& report);

// form_rules.cc
void defects(const Context& context, Reporter& report);
void serial_number(const Context& context, Reporter& report);
void version(const Context& context, Reporter& report);
void self_signed(const Context& context, Reporter& report);
void key_identifiers(const Context& context, Reporter& report);

// chain_rules.cc
void chain_complete(const Context& context, Reporter& report);
void root_included(const Context& context, Reporter& report);
void anchor_known(const Context& context, Reporter& report);
void intermediates_added(const Context& context, Reporter& report);

// store_rules.cc
void already_stored(const Context& context, Reporter& report);
void key_reused(const Context& context, Reporter& report);
void serial_reused(const Context& context, Reporter& report);

// file_rules.cc
void weak_cipher(const Context& context, Reporter& report);
void few_iterations(const Context& context, Reporter& report);
void no_mac(const Context& context, Reporter& report);
void key_unprotected(const Context& context, Reporter& report);

}  // namespace certferry::checks
