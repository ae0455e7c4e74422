#include "tools/pgsieve/project_kind.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace pgsieve {

namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  explicit Folder(const std::string& path) : path_(path) {}
  bool has(const char* name) const {
    std::error_code error;
    return fs::exists(path_ / name, error);
  }
  bool mentions(const char* file, const char* word) const {
    std::ifstream stream(path_ / file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return text.find(word) != std::string::npos;
  }

 private:
  fs::path path_;
};

ProjectKind ruby(const Folder& folder) {
  const bool rspec = folder.has("spec") || folder.has(".rspec");
  const bool rails = folder.has("bin/rails");
  return {rspec ? "Ruby with RSpec" : "Ruby with minitest",
          rspec   ? "bundle exec rspec"
          : rails ? "bin/rails test"
                  : "bundle exec rake test",
          "      - uses: ruby/setup-ruby@v1\n        with: { bundler-cache: true }\n", "ruby:3",
          "bundle install"};
}

ProjectKind javascript() {
  return {"JavaScript", "npm test",
          "      - uses: actions/setup-node@v4\n        with: { node-version: 20, cache: npm }\n"
          "      - run: npm ci\n",
          "node:20", "npm ci"};
}

ProjectKind php() {
  return {
      "PHP with PHPUnit", "vendor/bin/phpunit",
      "      - uses: shivammathur/setup-php@v2\n        with: { php-version: '8.3', extensions: pdo_pgsql }\n"
      "      - run: composer install --no-interaction\n",
      "php:8-cli", "composer install --no-interaction"};
}

ProjectKind java(const Folder& folder) {
  const bool maven = folder.has("pom.xml");
  return {maven ? "Java with Maven" : "Java with Gradle", maven ? "mvn --batch-mode test" : "./gradlew test",
          "      - uses: actions/setup-java@v4\n        with: { distribution: temurin, java-version: 21 }\n",
          maven ? "maven:3-eclipse-temurin-21" : "eclipse-temurin:21", ""};
}

ProjectKind python(const Folder& folder) {
  const std::string install =
      folder.has("requirements.txt") ? "pip install -r requirements.txt" : "pip install .";
  return {"Python with pytest", "pytest",
          "      - uses: actions/setup-python@v5\n        with: { python-version: '3.x' }\n      - run: " +
              install + "\n",
          "python:3", install};
}

}  // namespace

ProjectKind project_kind(const std::string& path) {
  const Folder folder(path);
  if (folder.has("Gemfile")) return ruby(folder);
  if (folder.has("artisan") || folder.has("phpunit.xml") || folder.has("phpunit.xml.dist")) return php();
  if (folder.has("manage.py") && !folder.mentions("requirements.txt", "pytest")) {
    ProjectKind django = python(folder);
    django.name = "Python with Django";
    django.test_command = "python manage.py test";
    return django;
  }
  if (folder.has("pyproject.toml") || folder.has("requirements.txt") || folder.has("pytest.ini") ||
      folder.has("setup.py"))
    return python(folder);
  if (folder.has("pom.xml") || folder.has("build.gradle") || folder.has("build.gradle.kts"))
    return java(folder);
  if (folder.has("go.mod"))
    return {"Go", "go test ./...",
            "      - uses: actions/setup-go@v5\n        with: { go-version: stable }\n", "golang:1", ""};
  if (folder.has("mix.exs"))
    return {"Elixir", "mix test",
            "      - uses: erlef/setup-beam@v1\n        with: { otp-version: '27', elixir-version: '1.17' }\n"
            "      - run: mix deps.get\n",
            "elixir:1", "mix deps.get"};
  if (folder.has("package.json")) return javascript();
  return {"", "make test", "      # Your own steps: the language, its packages.\n", "debian:stable", ""};
}

}  // namespace pgsieve
