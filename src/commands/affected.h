// Which assignments serve what is to be replaced, and what can serve in its place.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "commands/catalog.h"
#include "commands/replacement.h"
#include "fleet/config.h"

namespace certferry::commands {

struct AffectedBy {
  std::string issued_by, key, thumbprint;  // one of them (commands/replace.h)
};

struct Affected {
  StoredAssignment stored;
  CertificateRecord record;  // of what serves there
};
// Those whose current certificate is one of them. Errors of the catalog.
[[nodiscard]] Result<std::vector<Affected>> find_affected(Catalog& catalog, const AffectedBy& what);

// A certificate that may serve in their place.
struct Candidate {
  std::string sha256;
  std::vector<std::string> names;
};
// The first of `candidates` that covers every name of what serves now, for each. CF2418 where none does.
[[nodiscard]] Result<std::vector<ReplacedUse>> choose_replacements(const std::vector<Affected>& affected,
                                                                   const std::vector<Candidate>& candidates);

}  // namespace certferry::commands
