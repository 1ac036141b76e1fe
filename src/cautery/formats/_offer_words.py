"""Words of offers in the 24 official languages of the Union, and those of its neighbours' shops.

Written as regular expressions, to be matched without regard to case at the beginning of a word.
"""

# ruff: noqa: RUF001, E501 - Greek and Cyrillic words stand here; a table of words has long lines
from __future__ import annotations

MONTHS = (
    r"months?|mos?|mths?|mois|mes(?:es|i|e)?|m[êe]s|mensal|monat(?:e|en|s)?|mtl|maand(?:en)?|"
    r"m[åa]n(?:ad(?:er|en)?)?|m[åa]ned(?:er|en)?|md|miesi[ęąa]c[aey]?|miesi[ęe]cy|mies|"
    r"m[ěe]s[íi]c[ůuei]?|mesiac(?:e|ov|a)?|h[óo](?:nap(?:ra|os)?)?|havi|lun[iăae]|"
    r"месец[аи]?|мес|μ[ήη]ν(?:ες|α|ας|ών)|kuukau(?:si|tta|den|dessa)|kk|kuud?|kuus|"
    r"mjesec[aie]?|mesec[aie]?(?:v)?|m[ėe]nes(?:is|į|io|iai|ių|iams)|m[ėe]n|"
    r"mēnes(?:is|ī|i)|mēneš\w{1,4}|xahar|xhur|m[híi]{1,2}|m[íi]osa|mh[íi]"
)
YEARS = (
    r"years?|yrs?|ans?|ann[ée]es?|a[ñn]os?|ann[oi]|jahr(?:e|en|s)?|jaar|jaren|[åa]r|"
    r"rok(?:u|i|a|ov|y)?|lat[a]?|let|let[oa]|[ée]v(?:e|es|re)?|ani?|годин[аи]|χρόν(?:ος|ια|ο)|[έε]τος|"
    r"vuo(?:si|tta|den|dessa)|aasta(?:t|s|ks)?|godin[aeu]|met(?:ai|us|ų|ams)|gad(?:s|i|u|ā|iem)|"
    r"sena|snin|blia(?:in|na)|bhliain|mbliain"
)
WEEKS = (
    r"weeks?|semaines?|semanas?|settiman[ae]|wochen?|weken|veck(?:a|or)|uger?|"
    r"tygod(?:nie|ni|zie[ńn])|t[ýy]d(?:en|ny|n[ůu])|t[ýy]žd(?:e[ňn]|ne|[ňn]ov)|ted(?:en|na|ne|nov)|"
    r"tjed(?:an|na)|h[ée]t(?:es)?|viikko(?:a)?|nädal(?:at|a)?|savait\w{1,3}|nedēļ\w{1,2}|ġimg[ħh]a|"
    r"seachtain[eí]?|săptăm[âa]n\w{1,2}|седмиц[аи]|εβδομάδ(?:α|ες|ων)"
)
DAYS = (
    r"days?|jours?|d[íi]as?|giorn[oi]|tag(?:e|en|es)?|dag(?:en|ar|ars|e|es)?|dn[ieíy]|dn[ůu]|dní|"
    r"zile|zi|dzie[ńn]|nap(?:os|ig)?|ден|дни|дена|(?:η?μ[έε]ρ)(?:α|ες|ών)|päiv(?:ä|ää|än)|päev(?:a|ane)?|"
    r"dien(?:a|os|as|ų|u)|jum|jiem|ġranet|laethanta|lá|dan[ai]?"
)
HOURS = (
    r"hours?|hrs?|h|heures?|hor[aă]s?|or[ae]|stunden?|std|uur|uren|tim(?:mar|mars|me|er|ers|es)|"
    r"godzin[ay]?|hod(?:in[ay]?|ín|inov\w+)|час[аа]?|ч|[ωώ]ρ(?:ες|ών|α)|tun(?:d|di|ni|nin|tia)|uair(?:e)?|"
    r"sat[ai]?|ur[ae]?|ór(?:a|ás|ára)|val(?:and(?:a|os|ų))?|stund(?:a|as|u)|sieg[ħh]a|sig[ħh]at"
)
SHORT = frozenset(
    ("an", "ani", "anni", "lat", "let", "leto", "leta", "mo", "mos", "md", "kk", "ho", "hó", "mi", "mí", "mhi",
     "man", "ar", "år", "ev", "év", "eve", "sena", "dan", "dana", "la", "lá", "zi", "jum", "nap", "h",
     "ura", "ur", "ora", "sat", "sati", "die", "mes", "mese", "mesi", "mies", "met", "gad", "het", "hét", "dag")
)  # fmt: skip
"""Words that mean something else in another language, or are half of one: they tell a term only
after a number or a word for "per"."""
PER = (
    r"per|par|pro|por|al|na|za|i|p[åa]|pe|pr|a|à|fix|in\s+aghaidh\s+na|każdy|каждый|на|ανά|τον|το|"
    r"kas|de|för|for|az|egy|un|um|uno|e[eé]n|één"
)
ADVERBS = {
    "half": r"semestr\w+|half[- ]?year\w*|halbjährlich|halbjahr\w*|pół\s+roku|půl\s+roku|pol\s+roka|halv[åt]\s*år|"
    r"fél\s?év\w*|sei\s+mesi|mezzo\s+anno|puol\w*\s+vuo\w+|pool\s+aastat|εξάμην\w+|εξαμην\w+|шестмесеч\w+|"
    r"pol\s+leta|pola\s+godine|pusmet\w+|pusgad\w+",
    "quarter": r"quarterly|trimestr\w+|vierteljährlich|kwarta\w+|čtvrtlet\w+|štvrťro\w+|τρίμην\w+|τριμην\w+|"
    r"тримесеч\w+|negyedév\w*|kvartal\w*|četrtlet\w+|kwartaal",
    "month": r"monthly|mensuel(?:le)?|mensual|mensal|mensile|monatlich|maandelijks|m[åa]ned(?:lig|ligt|svis)|"
    r"månadsvis|miesięczn\w+|měsíčn\w+|mesačn\w+|mesečn\w+|mjesečn\w+|havonta|havi|lunar|месечн\w+|μηνια\w+|"
    r"kuukausi\w*|igakuine|mėnesin\w+|ikmēneš\w*|míosúil",
    "year": r"yearly|annual(?:ly)?|annuel(?:le)?|anual|annuale|jährlich|jaarlijks|årlig\w*|roczn\w+|ročn\w+|"
    r"letn[oaie]|godišnj\w+|évente|éves|годишн\w+|ετήσι\w+|ετησι\w+|vuosi\w+|aastane|metin\w+|ikgad\w*|bliantúil",
}  # fmt: skip
"""The half first: "pół roku" has a year in it."""
SEATS = (
    r"connections?|connexions?|conexi[oó]n(?:es)?|conex(?:iuni|ões)|connessioni?|verbind[iu]ng(?:en)?|devices?|"
    r"screens?|[ée]crans?|ecr[ãa]s?|dispositivos?|dispositivi?|ger[äa]te?|appareils?|appara(?:ten|ter|ti|at)?|"
    r"sk[äa]rmar?|skærme?|skjerm(?:er)?|enhed(?:er)?|enhet(?:er)?|urz[ąa]dze\w+|połącze\w+|pantallas?|schermi?|scherm(?:en)?|"
    r"multi-?room|устройств\w*|екран\w*|връзк\w+|za[řr]ízen\w+|zariaden\w+|obrazov\w+|p[řr]ipojen\w+|"
    r"συσκευ\w+|οθόν\w+|συνδέσ\w+|seade\w*|ühendus\w*|laite\w*|laitt\w+|yhtey\w+|gh?léas\w*|uređaj\w*|"
    r"zaslon\w*|eszköz\w*|képernyő\w*|kapcsolat\w*|įrengin\w+|ierīc\w+|ekr[aā]n\w*|dispozitiv\w*|naprav\w*|"
    r"povezav\w+|vez[ae]|nasc|savienojum\w+|prisijungim\w+|konnessjoni\w*|ligaç\w+|telas?|anslutning\w*|forbindelse\w*"
)
FREE = (
    r"free|gratis|gratuit\w*|kostenlos\w*|gr[áa]tis|zdarma|zadarmo|darmow\w+|безплат\w+|δωρεάν|ingyen\w*|"
    r"tasuta|ilmai\w+|besplat\w+|brezplač\w+|nemokam\w*|bezmaksas|b'xejn|saor\s+in\s+aisce"
)
TRIALS = (
    r"trials?|tests?|testversion|essais?|prueba|prova|probe(?:zeit|abo|zugang|phase)?|proef\w*|pr[óo]b(?:a|ę|y|ny|aidő)|"
    r"teste|тест\w*|проб(?:а|ен|ни|ния)|(?:vy)?zkou[šs]\w+|(?:vy)?skúš\w+|prøve\w*|pröva|prov(?:period)?|δοκιμ\w+|"
    r"proovi\w*|katset\w*|kokeilu\w*|testiranj\w*|preizkus\w*|preskus\w*|probn\w+|bandym\w*|izmēģin\w+|"
    r"triail\w*|încerc\w+|prob[ăe]"
)
NONE = r"no|without|kein\w*|ohne|sans|pas d[e']|sin|senza|nessun\w*|sem|geen|bez|ingen|utan|uten|uden|fără|nincs|без|χωρίς"
"""Before a word for a trial: there is none."""
CHANNELS = (
    r"channels?|cha[iî]nes?|canal(?:es|i|e)|canais|kan[äaáāą]l\w*|sender|zenders|kana[łl]\w*|кана\w+|κανάλι\w*|"
    r"kanav\w+|csatorn\w+|g?cainéa\w+|stazzjon\w+"
)
CUSTOMERS = (
    r"customers?|client(?:s|es|i)?|kunden|klant(?:en)?|kunder|subscribers?|abonn[ée]\w*|users?|utilisateurs?|"
    r"klient\w*|zákazn\w+|πελάτ\w+|asiak\w+|ügyf\w+|клиент\w*|strank\w*|korisni\w+|předplatit\w+"
)
TITLES = (
    r"movies|films?|vods?|series|pel[íi]culas|filme|filmů|filmov|filmów|ταινί\w+|филм\w*|elokuv\w+"
)
TRANSFERS = (
    r"bank transfer|virement|(?:bank)?überweisung|bonifico|\bsepa\b|transferencia bancaria|"
    r"transfer[êe]ncia banc[áa]ria|bankoverf[øo]rsel|bank[öo]verf[öo]ring|(?:bank)?overschrijving|przelew|"
    r"bankovn\w+ p[řr]evod|bankov\w+ prevod|bankovn\w+ prijenos|ban[čc]n\w+ (?:nakazil|prenos)\w*|(?:banki )?átutalás|"
    r"банков\w* превод|τραπεζικ\w+ (?:κατάθεσ|μεταφορ|έμβασμ)\w*|panga[üu]lekan\w+|(?:tili|pankki)siirto|"
    r"banko pavedim\w+|bankas pārskaitījum\w+|trasferiment bankarju|aistriú bainc|transfer bancar"
)
CARDS = (
    r"\b(?:credit|debit|bank)\s?cards?\b|\bcartes? (?:bancaires?|bleues?|de crédit)\b|(?:kredit|bank|debit)kart\w+|"
    r"(?:kredit|betal(?:ings)?|bank)kort|creditcard|betaalkaart|bankkaart|(?:luotto|pankki|maksu)kort\w+|"
    r"(?:krediit|panga)kaar\w+|\bkart\w+ (?:kredytow|płatnicz|debetow)\w+|plat(?:ebn|obn)\w+ kart\w+|kreditn\w+ kart\w+|"
    r"plačiln\w+ kartic\w+|(?:bank|hitel)kárty\w+|(?:банкова|кредитна|дебитна) карта|(?:πιστωτικ|χρεωστικ)\w+ κάρτ\w+|"
    r"(?:mokėjimo|kredito|banko) kortel\w+|(?:maksājumu|bankas) kart\w+|kredītkart\w+|karta ta' kreditu|"
    r"cárta creidmheasa|card (?:bancar|de credit)|tarjetas? (?:de (?:crédito|débito)|bancarias?)|"
    r"cart(?:ão|ões) de (?:crédito|débito)|cart[ae] di credito"
)
