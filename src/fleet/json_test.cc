#include "fleet/json.h"

#include <gtest/gtest.h>

namespace certferry::fleet {
namespace {

constexpr Time kTime = std::chrono::sys_days(std::chrono::year(2030) / 7 / 1);

Assignment full() {
  Slot a{{std::string(64, 'a'), kTime, kTime + std::chrono::hours(24)}, 1, kTime, kTime};
  Slot b = a, c = a;
  b.certificate.sha256 = std::string(64, 'b');
  c.certificate.sha256 = std::string(64, 'c');
  return {Scope::site("Redmond"), "Default", 3, a, Next{b, true, kTime, std::chrono::hours(24)}, c, kTime};
}

TEST(AssignmentJson, IsThisText) {
  Assignment assignment = full();
  assignment.next.reset();
  assignment.previous.reset();
  EXPECT_EQ(
      to_json(assignment),
      R"({"current":{"effective":"2030-07-01T00:00:00Z","generation":1,"not_after":"2030-07-02T00:00:00Z",)"
      R"("not_before":"2030-07-01T00:00:00Z","sha256":")" +
          std::string(64, 'a') +
          R"(","since":"2030-07-01T00:00:00Z"},"generation":3,"schema":1,"scope":"site:Redmond","type":"Default",)"
          R"("updated":"2030-07-01T00:00:00Z"})");
}

TEST(FleetJson, RoundTrips) {
  EXPECT_EQ(assignment_from_json(to_json(full())).value(), full());
  Computer computer{"a.example",
                    "R\xc3\xa9"
                    "dmond",
                    "p.example",
                    std::vector<std::string>{},
                    {"www.example"}};
  EXPECT_EQ(computer_from_json(to_json(computer)).value(), computer);
  computer.types.reset();
  EXPECT_EQ(computer_from_json(to_json(computer)).value(), computer);
  TypeTable table;
  for (Type type : table.all()) {
    EXPECT_EQ(type_from_json(to_json(type)).value(), type);
    type.origins["names"] = "certferry.toml:3";
    type.names = {"a.example"};
    EXPECT_EQ(type_from_json(to_json(type)).value(), type);
  }
}

TEST(FleetJson, RefusesWhatItDoesNotKnow) {
  struct Case {
    const char* json;
    const char* id;
    const char* message;
  };
  for (const Case& c :
       {Case{"", "CF1916", "a computer is not a JSON object"}, Case{"[1]", "CF1916", "a computer is not a JSON object"},
        Case{"{}", "CF1916", "a computer has no schema"},
        Case{R"({"schema":2})", "CF1917", "a computer has schema 2, this certferry knows 1"},
        Case{R"({"schema":1,"colour":1})", "CF1916", "a computer has an unknown field 'colour'"},
        Case{R"({"schema":1,"fqdn":"a"})", "CF1916", "a computer has no field 'site'"},
        Case{R"({"schema":1,"fqdn":1,"site":"","pool":"","names":[]})", "CF1916",
             "a computer has a field 'fqdn' that is not a string"},
        Case{R"({"schema":1,"fqdn":"a","site":"","pool":"","names":[1]})", "CF1916",
             "a computer has a field 'names' that is not a string"}}) {
    Result<Computer> computer = computer_from_json(c.json);
    ASSERT_FALSE(computer) << c.json;
    EXPECT_EQ(computer.error().id, c.id) << c.json;
    EXPECT_EQ(computer.error().message, c.message) << c.json;
  }
  std::string text = to_json(full());
  std::string broken = text;
  broken.replace(broken.find("\"roll\":true"), 11, "\"roll\":\"yes\"");
  EXPECT_EQ(assignment_from_json(broken).error().message,
            "field 'next' of an assignment has a field 'roll' that is not true or false");
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(assignment_from_json(text.substr(0, i))) << i;
  }
}

}  // namespace
}  // namespace certferry::fleet
