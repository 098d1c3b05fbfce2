// What the flip does to one service: its files, its own test, its reload. The wire is asked elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "base/result.h"
#include "deploy/binding.h"
#include "deploy/materials.h"

namespace certferry::deploy {

// The files of one binding and type: <home>/services/<binding>/<Type>/<n>/ holds all of them as generation n wrote
// them, `current` there points at the one in use. Files outside ${folder} are copies of those of that generation. So a
// generation can be put in place, and the one before it put back, any number of times and after any interruption.
// One process at a time (the home's lock). Errors: those of base/file.h and materials.h, CF1660 to CF1662.
class ServiceFiles {
 public:
  ServiceFiles(FileSystem& files, const Binding& binding, BindingPlace place)
      : files_(files), binding_(binding), place_(std::move(place)) {}

  // Writes generation `number` beside the current one and reads it back; nothing changes for the service. A
  // generation that is there and holds another certificate, or is damaged, is an error (CF1660). What an administrator
  // had at a path outside before is kept as generation 0.
  [[nodiscard]] Result<> stage(std::uint64_t number, const Materials& materials);
  // Puts that generation in place: first the copies outside ${folder}, each by one rename, then the one rename that
  // switches ${folder}; on disk when it returns. Generation 0 is how it was before certferry: files that were not there
  // are removed, and so is `current`. Idempotent.
  [[nodiscard]] Result<> activate(std::uint64_t number);
  // Nothing before the first one.
  [[nodiscard]] Result<std::optional<std::uint64_t>> current() const;
  // Removes every generation but generation 0, the one in use, and `keep`: keys do not pile up. kNothing: those too, for
  // a service that certferry has left.
  enum class Keep { kInUse, kNothing };
  [[nodiscard]] Result<> prune(std::optional<std::uint64_t> keep, Keep rest);
  // What a program has to see instead, so that it finds generation `number` in place. Empty before the first one.
  [[nodiscard]] Result<std::vector<Overlay>> overlays(std::uint64_t number) const;

 private:
  [[nodiscard]] std::string folder_of(std::uint64_t number) const;
  [[nodiscard]] bool inside(const BoundFile& file) const;
  [[nodiscard]] std::string stored_name(std::size_t index) const;
  [[nodiscard]] Result<> keep_what_was();
  [[nodiscard]] Result<Secret> content_of(const BoundFile& file, const Materials& materials);

  FileSystem& files_;
  const Binding& binding_;
  BindingPlace place_;
};

// The service's own test, with what it finds at `overlays` replaced by what is staged. Nothing to do where it has none.
// CF1663: it refuses; the message holds what it said.
[[nodiscard]] Result<> test_configuration(Process& process, const Binding& binding, const BindingPlace& place,
                                          std::vector<Overlay> overlays = {});
// The commands that follow the flip, then the reload, repeated as the binding says, then its fallback. Success means
// that nothing reported a failure, never that the certificate is served: only the handshake tells. CF1664, and CF1182,
// CF1183 of base/process.h. `files` reads the pid file and the new certificate.
[[nodiscard]] Result<> reload(Process& process, FileSystem& files, const Binding& binding, const BindingPlace& place);
// The commands that follow the flip, then the restart. CF1665 where the binding has none, CF1664.
[[nodiscard]] Result<> restart(Process& process, const Binding& binding, const BindingPlace& place);

}  // namespace certferry::deploy
