// Puts certificates into the order that servers send them in (RFC 8446 section 4.4.2): each certifies the one before.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "chain/verify.h"

namespace certferry::chain {

struct Ordered {
  // The certificate and its intermediates, without the root: what belongs into fullchain.pem.
  std::vector<x509::Certificate> chain;
  // The self-signed end of the chain, where it was among the certificates.
  std::optional<x509::Certificate> root;
  // What did not come out of the file but out of `stored`; part of `chain`.
  std::vector<x509::Certificate> added;
  // Certificates of the file that are not part of the chain, the root not counted; in their order.
  std::vector<x509::Certificate> left_out;
  // The last certificate of `chain` was signed by `root` or is self-signed itself; otherwise its issuer is not at hand.
  bool complete = false;
  // CF136x, informative: what was left out, added, and that the root was in the file.
  Findings findings;
};

// `others`: the certificates beside the leaf in the file, in any order, with duplicates. `stored`: intermediates at
// hand from elsewhere, used only where the file does not hold the issuer itself. Signatures are verified; dates only
// decide between candidates, so that an expired chain is put in order too.
[[nodiscard]] Ordered order(const x509::Certificate& leaf, std::span<const x509::Certificate> others,
                            std::span<const x509::Certificate> stored, Time now, SignatureCache* cache = nullptr);

}  // namespace certferry::chain
