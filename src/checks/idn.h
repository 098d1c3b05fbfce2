// Internationalized labels of host names (RFC 5890): what they show and which scripts they are written in.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace certferry::checks {

// The Unicode form of an A-label ("xn--bcher-kva" → "bücher", UTF-8); nothing where it is none by IDNA 2008.
[[nodiscard]] std::optional<std::string> unicode_label(std::string_view a_label);

// Names of the scripts of a UTF-8 text, those of characters that all scripts share left out.
[[nodiscard]] std::set<std::string> scripts_of(std::string_view utf8);

// Whether a label in these scripts is nothing unusual (UTS 39 section 5.2, Highly Restrictive): one script alone, or
// the scripts that Chinese, Japanese and Korean are written in, each with Latin.
[[nodiscard]] bool usual_mix(const std::set<std::string>& scripts);

}  // namespace certferry::checks
