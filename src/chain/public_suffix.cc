#include "chain/public_suffix.h"

#include <libpsl.h>

#include <string>

namespace certferry::chain {

bool is_public_suffix(std::string_view domain) {
  if (domain.empty()) return true;
  return psl_is_public_suffix(psl_builtin(), std::string(domain).c_str()) != 0;
}

bool is_listed_public_suffix(std::string_view domain) {
  if (domain.empty()) return true;
  return psl_is_public_suffix2(psl_builtin(), std::string(domain).c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

}  // namespace certferry::chain
