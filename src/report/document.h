// What a command did or would do, for people: the one value that the terminal's text, the HTML report and its JSON are
// made from. Texts out of certificates and files are raw here; each writer escapes them for its place.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/finding.h"
#include "base/result.h"

namespace certferry::report {

enum class Status {
  kDone,       // it happened, and was looked at afterwards
  kNothing,    // there was nothing to do
  kPending,    // stored; happens at a date to come
  kPlanned,    // -WhatIf: nothing was changed
  kShown,      // a question was answered, nothing was to be changed
  kFailed,     // nothing was changed
  kPartly,     // some of it happened
};

// "done", "nothing to do", "pending", "planned", "shown", "failed", "partly done".
[[nodiscard]] std::string_view name_of(Status status);

// A line of a table of facts.
struct Fact {
  std::string name;
  std::string value;
};

enum class Role { kLeaf, kIntermediate, kRoot };

struct CertificateFacts {
  Role role = Role::kLeaf;
  std::string subject;   // Name::text()
  std::string label;     // short name for headings
  std::string issuer;
  std::vector<std::string> names;
  std::string serial;
  std::string thumbprint;
  std::string sha256;
  std::string key;        // "EC P-256"
  std::string signature;  // "ECDSA with SHA-256"
  Time not_before{};
  Time not_after{};
  std::string note;  // "completed from the store", "not sent to clients"
};

// What is different from the certificate that is replaced.
struct Difference {
  std::string what;
  std::string before;
  std::string after;
};

// A step of the plan, and what became of it.
struct Step {
  std::string computer;
  std::string action;  // "store certificate web.example (B142…)", in the infinitive
  enum class State { kPlanned, kDone, kSkipped, kFailed } state = State::kPlanned;
  std::string detail;
};

// What the command did, one after the other.
struct LogEntry {
  std::string action;  // "read the file in a confined process"
  std::chrono::microseconds at{0};  // since the command started
  std::chrono::microseconds took{0};
  bool failed = false;
};

// Where a certificate serves.
struct AssignmentFacts {
  std::string type;
  std::string scope;
  std::string place;  // "current", "next", "previous"
  std::string thumbprint;
  std::string subject;
  Time effective{};
  Time not_after{};
};

// What a plan means for one computer of a fleet, and one use there.
struct ComputerPlan {
  std::string computer, pool, type;
  std::string has;       // what it said last
  std::string gets;
  std::string services;  // what they do then, as far as it told
  std::vector<std::string> look_at;
};

// A table that only some commands have: certificates in the store, types, audit records, configuration.
struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct Document {
  Status status = Status::kShown;
  std::string headline;              // "Imported web.litwareinc.com"
  std::vector<std::string> summary;  // whole sentences
  std::string computer;
  std::string actor;
  std::string command;  // secrets replaced
  Time started{};
  std::chrono::milliseconds took{0};

  std::vector<Fact> file;                     // what the file is and how it is protected
  std::vector<CertificateFacts> certificates;  // the leaf first, then its chain
  std::vector<Difference> differences;
  std::string replaces;  // thumbprint of the certificate that the differences are to
  Findings findings;
  std::vector<Step> steps;
  std::vector<LogEntry> log;
  std::vector<AssignmentFacts> assignments;
  std::vector<ComputerPlan> computers;  // also one of `tables`
  std::vector<Table> tables;
  std::vector<std::string> undo;  // how to take it back
  std::optional<Error> error;
};

}  // namespace certferry::report
