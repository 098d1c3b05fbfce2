// What etcd calls range_end.
#pragma once

#include <string>
#include <string_view>

namespace certferry::store::etcd {

// The smallest key above every key that starts with `prefix`, which holds an octet below 0xff.
[[nodiscard]] inline std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace certferry::store::etcd
