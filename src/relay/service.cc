#include "relay/service.h"

#include "fleet/store_keys.h"
#include "relay/session.h"
#include "relay/status.h"
#include "relay/tls.h"
#include "seal/dsse.h"
#include "seal/keys.h"

namespace certferry::relay {
namespace {

// "ipv4:192.0.2.1:5123" → "ipv4:192.0.2.1": another connection is the same somebody.
std::string address_of(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

std::unexpected<Error> no_certificate() {
  return fail(ErrorKind::kNotPermitted, "CF2307", "no client certificate was shown",
              "computers show the one of their identity key");
}

std::unexpected<Error> no_statement(std::string why) {
  return fail(ErrorKind::kRejected, "CF2305", "this is no statement of that computer: " + std::move(why),
              "look at the computer's version of certferry");
}

// Where a claim to be a computer is to be put: what it is signed by decides. That is no proof of anything; it keeps those
// who have no token from writing over those who have one.
Result<std::string> place_of(const Hub& hub, const fleet::Member& member, const seal::Envelope& envelope, Time now) {
  const std::string& fqdn = member.computer.fqdn;
  if (const auto enrolment = hub.get(fleet::enrolment_key(fqdn))) {
    const auto signed_enrolment = seal::envelope_from_json(*enrolment);
    const auto read = signed_enrolment ? fleet::statement_from_json<fleet::Enrolment>(signed_enrolment->payload)
                                       : Result<fleet::Enrolment>(no_statement("no enrolment"));
    const auto key = read ? seal::read_key(read->key) : Result<x509::PublicKey>(std::unexpected(read.error()));
    if (key && now <= read->not_after && seal::is_signed_by(envelope, *key)) return fleet::join_key(fqdn);
  }
  CERTFERRY_ASSIGN(const x509::PublicKey identity, seal::read_key(member.identity_key));
  if (!seal::is_signed_by(envelope, identity)) return no_statement("neither its token nor its own key signed it");
  return fleet::request_key(fqdn, seal::key_id(member.identity_key));
}

}  // namespace

grpc::ServerWriteReactor<v1::Update>* Service::Follow(grpc::CallbackServerContext* context,
                                                      const v1::FollowRequest* request) {
  const std::optional<Bytes> identity = shown_identity(*context->auth_context());
  if (!identity) return Session::refuse(no_certificate().error());
  if (static_cast<std::size_t>(request->known_size()) > kMostKnown)
    return Session::refuse(no_statement("it knows too much").error());
  std::vector<Hub::Known> known;
  for (const v1::Known& one : request->known()) {
    Hub::Known& made = known.emplace_back();
    made.key = one.key();
    if (one.sha256().size() == made.sha256.size()) std::ranges::copy(as_bytes(one.sha256()), made.sha256.begin());
  }
  return Session::start(hub_, request->computer(), *identity, known);
}

grpc::ServerUnaryReactor* Service::Report(grpc::CallbackServerContext* context, const v1::ReportRequest* request,
                                          v1::ReportReply* /*reply*/) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto check = [&]() -> Result<> {
    const std::optional<Bytes> identity = shown_identity(*context->auth_context());
    if (!identity) return no_certificate();
    CERTFERRY_TRY(hub_.admit(request->computer(), *identity));
    if (request->statement().size() > kLargestStatement) return no_statement("it is too large");
    CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(request->statement()));
    CERTFERRY_ASSIGN(const fleet::Status status, fleet::statement_from_json<fleet::Status>(envelope.payload));
    if (status.fqdn != request->computer()) return no_statement("it speaks for " + status.fqdn);
    return {};
  };
  if (const Result<> checked = check(); !checked) {
    reactor->Finish(status_of(checked.error()));
    return reactor;
  }
  writer_.put(fleet::status_key(request->computer()), request->statement(),
              [reactor](const Result<>& written) { reactor->Finish(status_of(written)); });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Join(grpc::CallbackServerContext* context, const v1::JoinRequest* request,
                                        v1::JoinReply* reply) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto place = [&]() -> Result<std::string> {
    const auto too_many = [] {
      return fail(ErrorKind::kUnreachable, "CF2308", "too many computers ask to join", "try again in a minute");
    };
    if (!joins_.allows(address_of(context->peer()))) return too_many();
    if (request->statement().size() > kLargestStatement) return no_statement("it is too large");
    CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(request->statement()));
    CERTFERRY_ASSIGN(const fleet::Member member, fleet::statement_from_json<fleet::Member>(envelope.payload));
    if (member.computer.fqdn != request->computer() || fleet::parse_fqdn(request->computer()) != request->computer())
      return no_statement("it speaks for " + member.computer.fqdn);
    CERTFERRY_ASSIGN(std::string key, place_of(hub_, member, envelope, clock_.now()));
    if (key.starts_with(fleet::kRequestKeys) && !hub_.get(key) && hub_.count(fleet::kRequestKeys) >= kMostRequests)
      return too_many();
    return key;
  }();
  if (!place) {
    reactor->Finish(status_of(place.error()));
    return reactor;
  }
  reply->set_by_token(place->starts_with(fleet::kJoinKeys));
  writer_.put(*place, request->statement(),
              [reactor](const Result<>& written) { reactor->Finish(status_of(written)); });
  return reactor;
}

}  // namespace certferry::relay
