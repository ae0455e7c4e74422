require_relative "spec_helper"

RSpec.describe Library do
  subject(:library) { described_class.new(CONNECTION) }

  it "lists books one by one" do
    expect(library.books_one_by_one.size).to eq(12)
  end

  it "lists books at once" do
    expect(library.books_at_once["author 3"].size).to eq(5)
  end
end
