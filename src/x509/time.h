// UTCTime and GeneralizedTime (RFC 5280 section 4.1.2.5).
#pragma once

#include <optional>

#include "base/clock.h"
#include "x509/der.h"

namespace certferry::x509 {

struct Asn1Time {
  Time time;
  bool conforming = false;  // the one form RFC 5280 allows for this date
};

// Reads the forms of RFC 5280, and leniently those of X.680 that old issuers wrote: without seconds, with fractions, with
// an offset. Nothing where the tag is another one or it is no date.
[[nodiscard]] std::optional<Asn1Time> time_from_asn1(const der::Element& element);

}  // namespace certferry::x509
