// AlgorithmIdentifier (RFC 5280 section 4.1.1.2): which algorithm, and its parameters still to be read.
#pragma once

#include <optional>

#include "x509/der.h"
#include "x509/oid.h"

namespace certferry::container {

// Views into what the reader reads.
struct Algorithm {
  x509::Oid oid;
  der::Reader parameters{ByteView()};
};

// The next element; nothing where it is no AlgorithmIdentifier.
[[nodiscard]] inline std::optional<Algorithm> read_algorithm(der::Reader& reader) {
  const auto sequence = reader.next(der::kSequence);
  if (!sequence) return std::nullopt;
  der::Reader fields(sequence->content);
  const auto oid = fields.next(der::kOid);
  if (!oid) return std::nullopt;
  return Algorithm{x509::to_oid(oid->content), fields};
}

}  // namespace certferry::container
