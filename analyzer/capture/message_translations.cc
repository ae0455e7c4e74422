// The statement-bearing server messages in other languages, from the catalogues of PostgreSQL
// (src/backend/po/*.po, contrib/auto_explain is not translated everywhere). Recognised are the words; the
// shape around them is common to all:
//
//   DURATION-WORD [blank] : NUMBER UNIT [,] ACTION-WORD [NAME] [blank] : TEXT
#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "analyzer/capture/legacy_text.h"
#include "analyzer/capture/message.h"

namespace pgsieve {
namespace {

constexpr std::string_view kDurationWords[] = {
    "耗时",         "持續時間",     "ხანგრძლივობა", "duration", "Dauer",
    "durée",        "duración",     "durata",       "duração",  "продолжительность",
    "длительность", "czas trwania", "期間",         "実行時間", "执行时间",
    "持续时间",     "时间",         "실행시간",     "수행시간", "varaktighet",
    "тривалість",   "süre",         "trvání",
};
constexpr std::string_view kStatementWords[] = {
    "陳述式",    "ოპერატორი",  "გამოსახულება",   "statement", "Anweisung", "instruction",
    "sentencia", "istruzione", "comando",        "оператор",  "команда",   "wyrażenie",
    "polecenie", "文",         "ステートメント", "语句",      "명령 구문", "실행구문",
    "구문",      "명령",       "sats",           "оператор",  "příkaz",    "ifade",
};
constexpr std::string_view kParseWords[] = {
    "analisi di", "аналізування", "parse",  "Parsen",     "analyse", "analyser", "análisis", "analizza",
    "análise",    "analisar",     "разбор", "parsowanie", "パース",  "解析",     "구문분석", "분석",
};
constexpr std::string_view kBindWords[] = {
    "сообщение Bind", "повідомлення bind", "繫結", "მიბმა",    "bind",       "Binden",   "lien", "lier",
    "ligar",          "collega",           "bind", "привязка", "dowiązanie", "バインド", "绑定", "바인드",
};
// "execute fetch from" before "execute".
constexpr std::string_view kFetchWords[] = {
    "exécute fetch à partir de",
    "esecuzione di fetch da",
    "执行FETCH操作",
    "执行提取，来源为",
    "執行擷取，來源為",
    "자료뽑기",
    "виконати витягнення з",
    "kör hämtning från",
    "execute fetch from",
    "Ausführen Fetch von",
    "Fetch-Ausführung von",
    "exécute la récupération à partir de",
    "exécute récupération de",
    "ejecutar fetch desde",
    "esegui fetch da",
    "esegui recupero da",
    "executar busca de",
    "executar fetch de",
    "выполнение выборки из",
    "выборка из",
    "wykonanie pobrania z",
    "取り出し実行",
    "フェッチを実行",
    "执行 fetch 从",
    "执行从",
    "fetch 실행",
};
constexpr std::string_view kExecuteWords[] = {
    "esecuzione di", "виконувати", "kör",      "執行",     "გაშვება",  "execute",    "Ausführen",
    "exécute",       "exécuter",   "ejecutar", "esegui",   "executar", "выполнение", "wykonanie",
    "wykonaj",       "実行",       "执行",     "쿼리실행", "실행",
};
constexpr std::string_view kPlanWords[] = {
    "plan", "Plan", "piano", "plano", "план", "プラン", "実行計画", "计划", "실행계획",
};
constexpr std::string_view kParameterWords[] = {
    "parametrar", "參數",         "параметри",    "პარამეტრები", "Parameter", "parameters",
    "paramètres", "Paramètres",   "parámetros",   "Parámetros",  "parametri", "Parametri",
    "parâmetros", "Parâmetros",   "параметры",    "Параметры",   "parametry", "Parametry",
    "パラメータ", "パラメーター", "パラメータ群", "参数",        "매개 변수", "매개변수",
};
constexpr std::string_view kPortalWords[] = {
    "portal", "Portal", "portail", "portale", "ポータル", "პორტალი", "포탈", "портал", "portál",
};
constexpr std::string_view kPrepareWords[] = {
    "Vorbereiten", "preparazione",  "预备语句", "預備敘述",    "підготовка", "მომზადება",
    "prepare",     "préparation",   "préparer", "preparación", "preparar",   "prepara",
    "подготовка",  "przygotowanie", "準備",     "准备",        "预备",       "준비",
};
constexpr std::string_view kDisconnectionWords[] = {
    "接続を切断",  "nedkoppling",    "відключення", "中斷連線",   "Verbindungsende", "déconnexion",
    "desconexión", "disconnessione", "desconexão",  "отключение", "rozłączenie",     "接続断",
    "切断",        "断开连接",       "断开",        "연결종료",   "연결 끊김",
};

void skip_blanks(std::string_view& text) {
  for (;;) {
    if (text.starts_with(' ')) {
      text.remove_prefix(1);
    } else if (text.starts_with('\xA0')) {
      text.remove_prefix(1);
    } else if (text.starts_with("\xC2\xA0")) {
      text.remove_prefix(2);
    } else if (text.starts_with("\xE2\x80\xAF") || text.starts_with("\xE3\x80\x80")) {
      text.remove_prefix(3);
    } else {
      return;
    }
  }
}

bool take(std::string_view& text, std::string_view head) {
  const size_t length = spelled_length(text, head);
  text.remove_prefix(length);
  return length > 0;
}

bool take_colon(std::string_view& text) {
  std::string_view rest = text;
  skip_blanks(rest);
  if (!take(rest, ":") && !take(rest, "\xEF\xBC\x9A")) return false;
  text = rest;
  return true;
}

// Takes one of the words when what follows is a colon (`colon`) or a blank. Japanese: "パースS_1 : TEXT".
template <size_t count>
bool take_word(std::string_view& text, const std::string_view (&words)[count], bool colon) {
  for (const std::string_view word : words) {
    std::string_view rest = text;
    if (!take(rest, word)) continue;
    if (colon ? take_colon(rest)
              : (rest.starts_with(' ') || static_cast<unsigned char>(word.back()) >= 0x80 ||
                 rest.starts_with(": ") || static_cast<unsigned char>(rest.empty() ? ' ' : rest[0]) >= 0x80 ||
                 rest.starts_with('<'))) {
      text = rest;
      return true;
    }
  }
  return false;
}

std::string_view one_blank_off(std::string_view text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

// Korean and Georgian put the name first: "<unnamed> 구문분석: TEXT".
bool classify_name_first(std::string_view rest, Message& message) {
  constexpr size_t kLongestName = 200;
  constexpr std::pair<std::string_view, MessageKind> kWords[] = {{" 구문분석: ", MessageKind::kParse},
                                                                 {" 접속: ", MessageKind::kBind},
                                                                 {"-ის დამუშავება: ", MessageKind::kParse}};
  for (const auto& [word, kind] : kWords) {
    const size_t at = rest.substr(0, kLongestName).find(word);
    if (at == std::string_view::npos || rest.substr(0, at).find(' ') != std::string_view::npos) continue;
    message.kind = kind;
    message.name = rest.substr(0, at) == "<unnamed>" ? std::string_view() : rest.substr(0, at);
    message.text = rest.substr(at + word.size());
    return !message.text.empty();
  }
  return false;
}

bool classify_translated_action(std::string_view rest, Message& message) {
  if (take_word(rest, kStatementWords, true)) {
    message.kind = MessageKind::kStatement;
    message.text = one_blank_off(rest);
    return true;
  }
  if (take_word(rest, kPlanWords, true)) {
    message.kind = MessageKind::kPlan;
    if (rest.starts_with('\n')) rest.remove_prefix(1);
    message.text = rest;
    return true;
  }
  if (take_word(rest, kFetchWords, false)) {
    message.kind = MessageKind::kFetch;
  } else if (take_word(rest, kParseWords, false)) {
    message.kind = MessageKind::kParse;
  } else if (take_word(rest, kBindWords, false)) {
    message.kind = MessageKind::kBind;
  } else if (take_word(rest, kExecuteWords, false)) {
    message.kind = MessageKind::kExecute;
  } else {
    return classify_name_first(rest, message);
  }
  take(rest, ":");  // Spanish: "parse: <unnamed>: TEXT"
  skip_blanks(rest);
  split_name(rest, message);
  return !message.text.empty();
}

// "ms", "мс", "ミリ秒", "毫秒": anything short up to a blank or comma.
bool take_unit(std::string_view& text) {
  for (const std::string_view unit : {"ms", "мс", "მწმs", "მწმ", "ミリ秒", "毫秒", "밀리초", "milisaniye"}) {
    if (take(text, unit)) return true;
  }
  return false;
}

}  // namespace

Message classify_translated(std::string_view whole) {
  Message message;
  std::string_view rest = whole;
  if (whole.empty()) return message;
  // Swedish: "varaktighet 1.5 ms" when nothing follows.
  if (take_word(rest, kDurationWords, true) || take(rest, "varaktighet ")) {
    skip_blanks(rest);
    size_t used = 0;
    const Microseconds duration = parse_milliseconds(rest, used);
    if (used == 0) return message;
    rest.remove_prefix(used);
    skip_blanks(rest);
    if (!take_unit(rest)) return message;
    message.duration = duration;
    if (!take(rest, ",")) {
      take(rest, "\xEF\xBC\x8C");
    }
    skip_blanks(rest);
    if (rest.empty()) {
      message.kind = MessageKind::kDuration;
    } else {
      classify_translated_action(rest, message);
    }
    message.localized = true;
    return message;
  }
  if (take_word(rest, kDisconnectionWords, true)) {
    message.kind = MessageKind::kDisconnection;
    message.localized = true;
  } else if (classify_translated_action(rest, message)) {
    message.localized = message.kind != MessageKind::kOther;
    // A bare "plan:" or a parse/bind without a time is no message of the server.
    if (message.kind != MessageKind::kStatement && message.kind != MessageKind::kExecute &&
        message.kind != MessageKind::kFetch) {
      message = Message();
    }
  }
  return message;
}

Detail classify_translated_detail(std::string_view detail) {
  std::string_view rest = detail;
  if (take_word(rest, kParameterWords, true)) {
    skip_blanks(rest);
    if (rest.starts_with('$')) return {DetailKind::kParameters, rest};
  }
  rest = detail;
  if (take_word(rest, kPrepareWords, true)) {
    skip_blanks(rest);
    return {DetailKind::kPrepare, rest};
  }
  return {};
}

// A line of the context that names a portal and ends in a list: 'Portal »x« mit Parametern: $1 = …'.
std::string_view translated_context_parameters(std::string_view context) {
  constexpr size_t kLongestHead = 200;
  constexpr std::string_view kQuote = "\xC2\xAB";  // French: « $1 = … »
  for (size_t at = context.find("$1 = "); at != std::string_view::npos; at = context.find("$1 = ", at + 1)) {
    const size_t newline = context.rfind('\n', at);
    const size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    std::string_view head = context.substr(start, at - start);
    const auto trim = [&head] {
      while (head.ends_with(' ')) head.remove_suffix(1);
      while (head.ends_with("\xC2\xA0")) head.remove_suffix(2);
      while (head.ends_with("\xE2\x80\xAF")) head.remove_suffix(3);
    };
    trim();
    const bool quoted = head.ends_with(kQuote);
    if (quoted) head.remove_suffix(kQuote.size());
    trim();
    if (head.size() > kLongestHead || (!head.ends_with(':') && !head.ends_with("\xEF\xBC\x9A"))) continue;
    const auto names = [head](std::string_view word) { return head.find(word) != std::string_view::npos; };
    if (std::none_of(std::begin(kPortalWords), std::end(kPortalWords), names)) continue;
    std::string_view list = context.substr(at);
    if (quoted) list = list.substr(0, list.rfind("\xC2\xBB"));
    return list;
  }
  return {};
}

}  // namespace pgsieve
