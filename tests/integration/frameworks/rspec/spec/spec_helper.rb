require "cgi"
require "pg"
require_relative "../library"

CONNECTION = PG.connect(ENV.fetch("DATABASE_URL"))

# Tells pgsieve which example the following statements belong to.
RSpec.configure do |config|
  config.around do |example|
    CONNECTION.exec("SELECT 'pgsieve:test=#{CGI.escape(example.location)}'")
    example.run
    CONNECTION.exec("SELECT 'pgsieve:test='")
  end
end
