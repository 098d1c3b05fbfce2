// The file from which verifiers learn the keys of a type.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "deploy/binding.h"

namespace certferry::deploy {

// A JWK Set of one binding and type. Unlike the files of a generation it changes whenever the set does. What an
// administrator had at its path is kept below <home>/services/<binding>/<Type>/ and put back by take_away(). One process
// at a time (the home's lock); killed at any step, verifiers find the old set or the new one. Errors: those of
// base/file.h, CF1660, CF1661.
class PublishedFile {
 public:
  // `index`: of the file in the binding. Borrows `files` and `binding`.
  PublishedFile(FileSystem& files, const Binding& binding, const BindingPlace& place, std::size_t index);

  // By one rename, on disk and read back when it returns: CF1653 where it is something else by then. True: it changed.
  [[nodiscard]] Result<bool> put(const std::string& text);
  // Nothing is to be published any more. True: it changed.
  [[nodiscard]] Result<bool> take_away();

 private:
  [[nodiscard]] Result<bool> holds(const std::string& text) const;
  [[nodiscard]] Result<> keep_what_was();

  FileSystem& files_;
  const BoundFile& file_;
  std::string home_;
  std::string path_;
  std::string folder_;  // of the marks
  std::string mark_;  // there once the file is ours
  std::string before_;  // what was there; absent where nothing was
};

}  // namespace certferry::deploy
