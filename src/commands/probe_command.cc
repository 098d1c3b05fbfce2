#include "commands/probe_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/examine.h"
#include "commands/facts.h"
#include "commands/frame.h"
#include "probe/probe.h"
#include "probe/resolve.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;
using probe::ClientCertificate;
using probe::Served;

std::string_view name_of(ClientCertificate wanted) {
  switch (wanted) {
    case ClientCertificate::kNotAsked: return "not asked";
    case ClientCertificate::kAsked: return "asked";
    case ClientCertificate::kRequired: return "required";
  }
  return "not asked";
}

std::int64_t days_left(const x509::Certificate& certificate, Time now) {
  return std::chrono::floor<std::chrono::days>(certificate->not_after - now).count();
}

std::string days_text(std::int64_t days) {
  return days >= 0 ? std::to_string(days) : fmt::format("expired {} days ago", -days);
}

class Probe {
 public:
  Probe(Environment& environment, const ProbeOptions& options)
      : environment_(environment), options_(options), frame_(environment, environment.host_name) {}

  [[nodiscard]] Outcome run() {
    frame_.document.status = report::Status::kShown;
    frame_.document.headline = options_.endpoint;
    Result<> done = ask();
    ordered_json target = {{"host", target_.endpoint.host},
                           {"port", target_.endpoint.port},
                           {"server_name", target_.server_name ? ordered_json(*target_.server_name) : ordered_json()},
                           {"starttls", probe::name_of(target_.starttls)}};
    ordered_json answers = ordered_json::array();
    for (std::size_t i = 0; i < answers_.size(); ++i) answers.push_back(answer_json(i));
    if (done) done = judge();
    if (!answers_.empty()) describe();
    return frame_.finish(done, false, {{"target", std::move(target)}, {"answers", std::move(answers)}});
  }

 private:
  [[nodiscard]] Result<> ask() {
    CERTFERRY_ASSIGN(target_.endpoint, probe::parse_endpoint(options_.endpoint));
    CERTFERRY_ASSIGN(target_.starttls, probe::starttls_from(options_.starttls.empty() ? "none" : options_.starttls));
    target_.server_name = options_.server_name;
    if (!target_.server_name && !probe::is_address(target_.endpoint.host)) target_.server_name = target_.endpoint.host;
    if (options_.key_kind == "rsa") target_.key_kind = probe::KeyKind::kRsa;
    if (options_.key_kind == "ecdsa") target_.key_kind = probe::KeyKind::kEcdsa;
    target_.limit = std::max(options_.limit, std::chrono::seconds(1));
    CERTFERRY_ASSIGN(addresses_, probe::resolve(target_.endpoint.host, target_.limit));
    std::vector<probe::Target> targets(addresses_.size(), target_);
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i].endpoint.host = addresses_[i];
    answers_ = probe::probe_many(targets, probe::kDefaultConcurrency, environment_.clock);
    return {};
  }

  // An address that cannot be reached from here (IPv6 where there is none) says nothing about the service, as long as
  // another one answers.
  [[nodiscard]] Result<> judge() const {
    const auto served = std::ranges::find_if(answers_, [](const auto& answer) { return answer.has_value(); });
    if (served == answers_.end()) return std::unexpected(answers_.front().error());
    std::size_t silent = 0;
    for (const auto& answer : answers_) silent += !answer && answer.error().id != "CF2013";
    if (silent == 0) return {};
    return fail(ErrorKind::kPartly, "CF1785",
                fmt::format("{} of the {} addresses of {} do not serve a certificate", silent, answers_.size(),
                            probe::to_text(target_.endpoint)),
                "look at each address in the answer: the service may not listen on it, or a server is down");
  }

  [[nodiscard]] ordered_json answer_json(std::size_t index) const {
    ordered_json json = {{"address", addresses_[index]}, {"served", answers_[index].has_value()}};
    if (const auto& answer = answers_[index]; answer) {
      json.update({{"protocol", answer->protocol},
                   {"cipher", answer->cipher},
                   {"client_certificate", name_of(answer->client_certificate)},
                   {"milliseconds", static_cast<double>(answer->took.count()) / 1000},
                   {"days_left", days_left(answer->leaf(), frame_.now())}});
      ordered_json chain = ordered_json::array();
      for (const x509::Certificate& certificate : answer->chain) chain.push_back(certificate_json(certificate));
      json["certificates"] = std::move(chain);
      json["error"] = nullptr;
    } else {
      json["error"] = error_json(&answer.error());
    }
    return json;
  }

  // The first certificate in full; the table shows which addresses serve it.
  void describe() {
    report::Document& document = frame_.document;
    const auto first = std::ranges::find_if(answers_, [](const auto& answer) { return answer.has_value(); });
    if (first != answers_.end()) {
      const Served& served = **first;
      document.headline = fmt::format("{} serves {}", probe::to_text(target_.endpoint), served.leaf()->subject.label());
      document.file = {{"Address", probe::to_text(served.peer)},
                       {"Protocol", fmt::format("{}, {}", served.protocol, served.cipher)},
                       {"Client certificate", std::string(name_of(served.client_certificate))},
                       {"Days left", days_text(days_left(served.leaf(), frame_.now()))}};
      for (std::size_t i = 0; i < served.chain.size(); ++i) {
        const report::Role role = i == 0                          ? report::Role::kLeaf
                                  : served.chain[i].self_issued() ? report::Role::kRoot
                                                                  : report::Role::kIntermediate;
        document.certificates.push_back(certificate_facts(served.chain[i], role));
      }
    }
    if (answers_.size() < 2) return;
    report::Table table{"Addresses", {"Address", "Answer", "Days left", "Protocol"}, {}};
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      if (const auto& answer = answers_[i]; answer) {
        table.rows.push_back({addresses_[i], answer->leaf().thumbprint(),
                              days_text(days_left(answer->leaf(), frame_.now())), answer->protocol});
      } else {
        table.rows.push_back({addresses_[i], answer.error().id + " " + answer.error().message, "", ""});
      }
    }
    document.tables.push_back(std::move(table));
  }

  Environment& environment_;
  const ProbeOptions& options_;
  Frame frame_;
  probe::Target target_;
  std::vector<std::string> addresses_;
  std::vector<Result<Served>> answers_;
};

}  // namespace

Outcome probe_service(Environment& environment, const ProbeOptions& options) {
  return Probe(environment, options).run();
}

}  // namespace certferry::commands
