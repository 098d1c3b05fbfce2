// Whether a domain is one under which anybody may register names (publicsuffix.org).
#pragma once

#include <string_view>

namespace certferry::chain {

// `domain` in lower-case ASCII without trailing dot: "co.uk", "s3.amazonaws.com". A single label counts even where the
// list does not name it. The list is compiled in; thread-safe.
[[nodiscard]] bool is_public_suffix(std::string_view domain);

// Only what the list names: "internal" and "corp" are not on it.
[[nodiscard]] bool is_listed_public_suffix(std::string_view domain);

}  // namespace certferry::chain
