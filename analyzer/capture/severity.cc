#include "analyzer/capture/severity.h"

#include <algorithm>
#include <iterator>

#include "analyzer/capture/legacy_text.h"

namespace pgsieve {
namespace {

struct Word {
  std::string_view text;
  Severity severity;
};

constexpr Word kEnglish[] = {
    {"LOG", Severity::kLog},
    {"DETAIL", Severity::kDetail},
    {"STATEMENT", Severity::kStatement},
    {"ERROR", Severity::kError},
    {"CONTEXT", Severity::kContext},
    {"HINT", Severity::kHint},
    {"WARNING", Severity::kWarning},
    {"NOTICE", Severity::kNotice},
    {"INFO", Severity::kInfo},
    {"FATAL", Severity::kFatal},
    {"PANIC", Severity::kPanic},
    {"QUERY", Severity::kQuery},
    {"DEBUG", Severity::kDebug},
    {"DEBUG1", Severity::kDebug},
    {"DEBUG2", Severity::kDebug},
    {"DEBUG3", Severity::kDebug},
    {"DEBUG4", Severity::kDebug},
    {"DEBUG5", Severity::kDebug},
    {"LOCATION", Severity::kLocation},
    {"BACKTRACE", Severity::kBacktrace},
};

// The server's message catalogues (src/backend/po), UTF-8: cs, de, es, fr, it, ja, ka, ko, pl, pt_BR, ru,
// sv, tr, uk, zh_CN, zh_TW.
// Longer words stand before their own beginnings.
constexpr Word kTranslated[] = {
    // Swedish
    {"LOGG", Severity::kLog},
    {"NOTIS", Severity::kNotice},
    {"VARNING", Severity::kWarning},
    {"FEL", Severity::kError},
    {"FATALT", Severity::kFatal},
    {"DETALJ", Severity::kDetail},
    {"TIPS", Severity::kHint},
    {"FRÅGA", Severity::kQuery},
    {"SATS", Severity::kStatement},
    {"PLATS", Severity::kLocation},
    // Ukrainian
    {"ЗАПИСУВАННЯ", Severity::kLog},
    {"ІНФОРМАЦІЯ", Severity::kInfo},
    {"ПОВІДОМЛЕННЯ", Severity::kNotice},
    {"ПОПЕРЕДЖЕННЯ", Severity::kWarning},
    {"ПОМИЛКА", Severity::kError},
    {"ФАТАЛЬНО", Severity::kFatal},
    {"ПАНІКА", Severity::kPanic},
    {"НАЛАГОДЖЕННЯ", Severity::kDebug},
    {"ВІДОМОСТІ", Severity::kDetail},
    {"УКАЗІВКА", Severity::kHint},
    {"ЗАПИТ", Severity::kQuery},
    {"ІНСТРУКЦІЯ", Severity::kStatement},
    {"РОЗТАШУВАННЯ", Severity::kLocation},
    // Chinese, mainland and Taiwan
    {"灾难性错误", Severity::kPanic},
    {"详情", Severity::kDetail},
    {"日誌", Severity::kLog},
    {"資訊", Severity::kInfo},
    {"錯誤", Severity::kError},
    {"致命錯誤", Severity::kFatal},
    {"嚴重錯誤", Severity::kPanic},
    {"除錯", Severity::kDebug},
    {"詳情", Severity::kDetail},
    {"查詢", Severity::kQuery},
    {"陳述式", Severity::kStatement},
    // Georgian
    {"ჟურნალი", Severity::kLog},
    {"ინფორმაცია", Severity::kInfo},
    {"გაფრთხილება", Severity::kWarning},
    {"შეცდომა", Severity::kError},
    {"ფატალური", Severity::kFatal},
    {"პანიკა", Severity::kPanic},
    {"გამართვა", Severity::kDebug},
    {"დეტალები", Severity::kDetail},
    {"მინიშნება", Severity::kHint},
    {"მოთხოვნა", Severity::kQuery},
    {"კონტექსტი", Severity::kContext},
    {"ოპერატორი", Severity::kStatement},
    {"მდებარეობა", Severity::kLocation},
    // German
    {"HINWEIS", Severity::kNotice},
    {"WARNUNG", Severity::kWarning},
    {"FEHLER", Severity::kError},
    {"PANIK", Severity::kPanic},
    {"TIPP", Severity::kHint},
    {"ANFRAGE", Severity::kQuery},
    {"ZUSAMMENHANG", Severity::kContext},
    {"KONTEXT", Severity::kContext},
    {"ORT", Severity::kLocation},
    {"ANWEISUNG", Severity::kStatement},
    // French
    {"ATTENTION", Severity::kWarning},
    {"AVERTISSEMENT", Severity::kWarning},
    {"ERREUR", Severity::kError},
    {"FATALE", Severity::kFatal},
    {"PANIQUE", Severity::kPanic},
    {"DÉTAIL", Severity::kDetail},
    {"ASTUCE", Severity::kHint},
    {"REQUÊTE", Severity::kQuery},
    {"CONTEXTE", Severity::kContext},
    {"EMPLACEMENT", Severity::kLocation},
    {"INSTRUCTION", Severity::kStatement},
    {"JOURNAL", Severity::kLog},
    // Spanish
    {"ADVERTENCIA", Severity::kWarning},
    {"PÁNICO", Severity::kPanic},
    {"DETALLE", Severity::kDetail},
    {"SUGERENCIA", Severity::kHint},
    {"CONSULTA", Severity::kQuery},
    {"CONTEXTO", Severity::kContext},
    {"UBICACIÓN", Severity::kLocation},
    {"SENTENCIA", Severity::kStatement},
    // Italian
    {"NOTIFICA", Severity::kNotice},
    {"ATTENZIONE", Severity::kWarning},
    {"ERRORE", Severity::kError},
    {"PANICO", Severity::kPanic},
    {"DETTAGLI", Severity::kDetail},
    {"DETTAGLIO", Severity::kDetail},
    {"SUGGERIMENTO", Severity::kHint},
    {"CONTESTO", Severity::kContext},
    {"POSIZIONE", Severity::kLocation},
    {"ISTRUZIONE", Severity::kStatement},
    // Portuguese
    {"NOTA", Severity::kNotice},
    {"AVISO", Severity::kWarning},
    {"ERRO", Severity::kError},
    {"PÂNICO", Severity::kPanic},
    {"DETALHE", Severity::kDetail},
    {"DICA", Severity::kHint},
    {"LOCAL", Severity::kLocation},
    {"COMANDO", Severity::kStatement},
    // Russian
    {"ОТЛАДКА", Severity::kDebug},
    {"СООБЩЕНИЕ", Severity::kLog},
    {"ИНФОРМАЦИЯ", Severity::kInfo},
    {"ЗАМЕЧАНИЕ", Severity::kNotice},
    {"ПРЕДУПРЕЖДЕНИЕ", Severity::kWarning},
    {"ОШИБКА", Severity::kError},
    {"ВАЖНО", Severity::kFatal},
    {"ПАНИКА", Severity::kPanic},
    {"ПОДРОБНОСТИ", Severity::kDetail},
    {"ПОДСКАЗКА", Severity::kHint},
    {"ЗАПРОС", Severity::kQuery},
    {"КОНТЕКСТ", Severity::kContext},
    {"ПОЛОЖЕНИЕ", Severity::kLocation},
    {"ОПЕРАТОР", Severity::kStatement},
    {"КОМАНДА", Severity::kStatement},
    // Polish
    {"DZIENNIK", Severity::kLog},
    {"INFORMACJA", Severity::kInfo},
    {"UWAGA", Severity::kNotice},
    {"OSTRZEŻENIE", Severity::kWarning},
    {"BŁĄD", Severity::kError},
    {"KATASTROFALNY", Severity::kFatal},
    {"PANIKA", Severity::kPanic},
    {"SZCZEGÓŁY", Severity::kDetail},
    {"PODPOWIEDŹ", Severity::kHint},
    {"ZAPYTANIE", Severity::kQuery},
    {"POZYCJA", Severity::kLocation},
    {"WYRAŻENIE", Severity::kStatement},
    {"POLECENIE", Severity::kStatement},
    // Japanese
    {"詳細", Severity::kDetail},
    {"ヒント", Severity::kHint},
    {"問い合わせ", Severity::kQuery},
    {"クエリ", Severity::kQuery},
    {"文脈", Severity::kContext},
    {"コンテキスト", Severity::kContext},
    {"場所", Severity::kLocation},
    {"文", Severity::kStatement},
    {"ステートメント", Severity::kStatement},
    {"ログ", Severity::kLog},
    {"エラー", Severity::kError},
    {"警告", Severity::kWarning},
    // Chinese
    {"调试", Severity::kDebug},
    {"日志", Severity::kLog},
    {"信息", Severity::kInfo},
    {"注意", Severity::kNotice},
    {"错误", Severity::kError},
    {"致命错误", Severity::kFatal},
    {"比致命错误还过分的错误", Severity::kPanic},
    {"详细信息", Severity::kDetail},
    {"详细", Severity::kDetail},
    {"提示", Severity::kHint},
    {"查询", Severity::kQuery},
    {"背景", Severity::kContext},
    {"上下文", Severity::kContext},
    {"位置", Severity::kLocation},
    {"地点", Severity::kLocation},
    {"语句", Severity::kStatement},
    // Korean
    {"디버그", Severity::kDebug},
    {"로그", Severity::kLog},
    {"정보", Severity::kInfo},
    {"알림", Severity::kNotice},
    {"경고", Severity::kWarning},
    {"오류", Severity::kError},
    {"치명적오류", Severity::kFatal},
    {"심각", Severity::kFatal},
    {"손상", Severity::kPanic},
    {"상세정보", Severity::kDetail},
    {"힌트", Severity::kHint},
    {"쿼리", Severity::kQuery},
    {"내용", Severity::kContext},
    {"상황", Severity::kContext},
    {"위치", Severity::kLocation},
    {"명령 구문", Severity::kStatement},
    {"구문", Severity::kStatement},
    // Turkish
    {"HATA", Severity::kError},
    {"UYARI", Severity::kWarning},
    {"ÖLÜMCÜL", Severity::kFatal},
    {"KRİTİK", Severity::kPanic},
    {"BİLGİ", Severity::kInfo},
    {"DETAY", Severity::kDetail},
    {"AYRINTI", Severity::kDetail},
    {"İPUCU", Severity::kHint},
    {"SORGU", Severity::kQuery},
    {"ORTAM", Severity::kContext},
    {"BAĞLAM", Severity::kContext},
    {"YER", Severity::kLocation},
    {"İFADE", Severity::kStatement},
    {"KOMUT", Severity::kStatement},
    // Czech
    {"CHYBA", Severity::kError},
    {"VAROVÁNÍ", Severity::kWarning},
    {"UPOZORNĚNÍ", Severity::kNotice},
    {"FATÁLNÍ", Severity::kFatal},
    {"DOPORUČENÍ", Severity::kHint},
    {"DOTAZ", Severity::kQuery},
    {"UMÍSTĚNÍ", Severity::kLocation},
    {"PŘÍKAZ", Severity::kStatement},
};

// The colon after a level word and the blanks after it; 0 when there is no colon. Accepts a blank or a
// no-break space before it and the full-width colon.
size_t colon_length(std::string_view rest) {
  if (rest.starts_with(":  ")) return 3;  // as the server writes it
  size_t at = 0;
  if (rest.starts_with(' ')) {
    at = 1;
  } else if (rest.starts_with("\xC2\xA0")) {
    at = 2;
  } else if (rest.starts_with("\xE2\x80\xAF")) {
    at = 3;
  }
  if (rest.substr(at).starts_with(':')) {
    at += 1;
  } else if (rest.substr(at).starts_with("\xEF\xBC\x9A")) {
    at += 3;
  } else {
    return 0;
  }
  if (at < rest.size() && rest[at] != ' ' && rest[at] != '\r' && rest[at] != '\n' && rest[at] != '\t')
    return 0;
  for (int blanks = 0; blanks < 2 && at < rest.size() && rest[at] == ' '; ++blanks) ++at;
  return at;
}

SeverityMatch read_word(std::string_view text, const Word& word, bool localized) {
  const size_t length = localized                     ? spelled_length(text, word.text)
                        : text.starts_with(word.text) ? word.text.size()
                                                      : 0;
  const size_t colon = length == 0 ? 0 : colon_length(text.substr(length));
  if (colon == 0) return {};
  return {word.severity, length + colon, localized};
}

}  // namespace

SeverityMatch read_severity(std::string_view text) {
  if (text.starts_with("LOG:  ")) return {Severity::kLog, 6, false};  // nine of ten
  if (text.size() < 3) return {};
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 'A' || (first > 'Z' && first < 0xC0)) return {};
  for (const Word& word : kEnglish) {
    if (word.text[0] != text[0]) continue;
    if (const SeverityMatch match = read_word(text, word, false); match.length > 0) return match;
  }
  for (const Word& word : kTranslated) {
    // A capital letter that is no ASCII has another first byte in other encodings.
    if (word.text[0] != text[0] && (first < 0xC0 || static_cast<unsigned char>(word.text[0]) < 0x80))
      continue;
    if (const SeverityMatch match = read_word(text, word, true); match.length > 0) return match;
  }
  // The Korean catalogue has no blank behind this one.
  constexpr std::string_view kKoreanQuery = "쿼리:";
  if (text.starts_with(kKoreanQuery)) return {Severity::kQuery, kKoreanQuery.size(), true};
  return {};
}

Severity severity_from_word(std::string_view word, bool& localized) {
  localized = false;
  const auto same = [word](const Word& entry) { return entry.text == word; };
  if (const Word* found = std::find_if(std::begin(kEnglish), std::end(kEnglish), same);
      found != std::end(kEnglish)) {
    return found->severity;
  }
  const Word* found = std::find_if(std::begin(kTranslated), std::end(kTranslated), same);
  if (found == std::end(kTranslated)) return Severity::kUnknown;
  localized = true;
  return found->severity;
}

}  // namespace pgsieve
