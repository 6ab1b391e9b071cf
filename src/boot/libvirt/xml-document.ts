/** An XML document with the place of each element and attribute: what must be well-formed, and nothing of what it means. */
import { OpenslotError } from '../../pci/index.js';
import { lineAndColumn, type ByteText } from '../boot-file.js';

/** The text is not well-formed XML, or more than a guest's definition needs of it. */
export class XmlMalformedError extends OpenslotError {
  readonly code = 'XML_MALFORMED';
  readonly offset: number;
  readonly why: string;
  constructor(source: string, text: ByteText, offset: number, why: string) {
    const { line, column } = lineAndColumn(text, offset);
    super(`${source}:${line}:${column}: ${why}`, { source, line, column, why }, 'xmllint --noout FILE');
    this.offset = offset;
    this.why = why;
  }
}

/** Offsets count characters from the beginning of the text. */
export interface XmlAttribute {
  readonly name: string;
  /** With its references resolved. */
  readonly value: string;
  /** Of the name. */
  readonly offset: number;
  /** Behind the quote that closes the value. */
  readonly end: number;
}

/** Offsets count characters from the beginning of the text. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** Of its `<`. */
  readonly offset: number;
  /** Behind its opening tag. */
  readonly contentStart: number;
  /** Of its closing tag; the same as `contentStart` where it is one tag. */
  readonly contentEnd: number;
  /** Behind its closing tag. */
  readonly end: number;
}

type Draft = { -readonly [Key in keyof XmlElement]: XmlElement[Key] } & { readonly children: XmlElement[] };

export function attributeOf(element: XmlElement, name: string): XmlAttribute | undefined {
  return element.attributes.find((one) => one.name === name);
}

export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((one) => one.name === name);
}

/** As libxml2 limits it without being asked for more. */
const DEEPEST = 256;

const NAME = /[A-Za-z_:\x80-\xff][\w:.\-\x80-\xff]*/y;
const SPACE = /[ \t\r\n]*/y;
const REFERENCE = /&(?:#(\d+)|#x([0-9a-fA-F]+)|([A-Za-z]+));/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

class Scanner {
  readonly #source: string;
  readonly #text: ByteText;
  #at = 0;
  readonly #open: Draft[] = [];
  #root: XmlElement | undefined;

  constructor(text: ByteText, source: string) {
    this.#text = text;
    this.#source = source;
  }

  document(): XmlElement {
    const text = this.#text;
    const control = [...text].findIndex((character) => character < ' ' && !'\t\n\r'.includes(character));
    if (control >= 0) this.#fail('a control character, which XML has no way to hold', control);
    if (text.startsWith('\xef\xbb\xbf')) this.#at = 3;
    if (/^<\?xml[ \t\r\n]/.test(text.slice(this.#at))) this.#skipTo('?>', 'the declaration');
    while (this.#at < text.length) {
      if (text.charAt(this.#at) === '<') this.#markup();
      else this.#characters();
    }
    const inner = this.#open.at(-1);
    if (inner !== undefined) this.#fail(`<${inner.name}> is not closed`, inner.offset);
    return this.#root ?? this.#fail('there is no element');
  }

  #markup(): void {
    const text = this.#text;
    if (text.startsWith('<!--', this.#at)) this.#comment();
    else if (text.startsWith('<![CDATA[', this.#at)) {
      if (this.#open.length === 0) this.#fail('text outside of the element');
      this.#skipTo(']]>', 'the CDATA section');
    } else if (text.startsWith('<!', this.#at))
      this.#fail('a document type: a definition of libvirt has none');
    else if (text.startsWith('<?', this.#at)) this.#instruction();
    else if (text.startsWith('</', this.#at)) this.#closingTag();
    else this.#openingTag();
  }

  #comment(): void {
    const start = this.#at;
    const dashes = this.#text.indexOf('--', start + 4);
    if (dashes < 0) this.#fail('the comment has no end');
    if (this.#text.charAt(dashes + 2) !== '>') this.#fail('"--" in a comment', dashes);
    this.#at = dashes + 3;
  }

  #instruction(): void {
    const start = this.#at;
    this.#at += 2;
    const target = this.#name('the target of a processing instruction');
    if (target.toLowerCase() === 'xml') this.#fail('a declaration that is not at the beginning', start);
    if (!this.#text.startsWith('?>', this.#at) && !this.#space()) this.#fail('expected a blank or "?>"');
    this.#skipTo('?>', 'the processing instruction', start);
  }

  #skipTo(end: string, what: string, start = this.#at): void {
    const found = this.#text.indexOf(end, this.#at);
    if (found < 0) this.#fail(`${what} has no end`, start);
    this.#at = found + end.length;
  }

  #characters(): void {
    const start = this.#at;
    const next = this.#text.indexOf('<', start);
    const end = next < 0 ? this.#text.length : next;
    const run = this.#text.slice(start, end);
    if (this.#open.length === 0) {
      const stray = run.search(/[^ \t\r\n]/);
      if (stray >= 0) this.#fail('text outside of the element', start + stray);
    }
    const bracket = run.indexOf(']]>');
    if (bracket >= 0) this.#fail('"]]>" in text', start + bracket);
    this.#resolved(run, start);
    this.#at = end;
  }

  #openingTag(): void {
    const offset = this.#at++;
    if (this.#root !== undefined && this.#open.length === 0) this.#fail('a second element', offset);
    if (this.#open.length === DEEPEST) this.#fail(`more than ${DEEPEST} elements in elements`, offset);
    const name = this.#name('the name of an element');
    const attributes = this.#attributes();
    const empty = this.#text.charAt(this.#at) === '/';
    if (empty) this.#at++;
    if (this.#text.charAt(this.#at) !== '>') this.#fail('expected ">"');
    const end = ++this.#at;
    const element: Draft = {
      name,
      attributes,
      children: [],
      offset,
      contentStart: end,
      contentEnd: end,
      end,
    };
    this.#open.at(-1)?.children.push(element);
    this.#root ??= element;
    if (!empty) this.#open.push(element);
  }

  #attributes(): readonly XmlAttribute[] {
    const attributes: XmlAttribute[] = [];
    const names = new Set<string>();
    for (;;) {
      const spaced = this.#space();
      if ('/>'.includes(this.#text.charAt(this.#at)) || this.#at >= this.#text.length) return attributes;
      if (!spaced) this.#fail('expected a blank, "/" or ">"');
      const offset = this.#at;
      const name = this.#name('the name of an attribute');
      if (names.has(name)) this.#fail(`${name} is there twice`, offset);
      names.add(name);
      this.#space();
      if (this.#text.charAt(this.#at) !== '=') this.#fail('expected "="');
      this.#at++;
      this.#space();
      const value = this.#value();
      attributes.push({ name, value, offset, end: this.#at });
    }
  }

  #value(): string {
    const quote = this.#text.charAt(this.#at);
    if (quote !== '"' && quote !== "'") this.#fail('expected a value in quotes');
    const start = this.#at + 1;
    const end = this.#text.indexOf(quote, start);
    if (end < 0) this.#fail('the value has no end');
    const written = this.#text.slice(start, end);
    const less = written.indexOf('<');
    if (less >= 0) this.#fail('"<" in a value', start + less);
    this.#at = end + 1;
    return this.#resolved(written, start);
  }

  #closingTag(): void {
    const offset = this.#at;
    this.#at += 2;
    const name = this.#name('the name of an element');
    this.#space();
    if (this.#text.charAt(this.#at) !== '>') this.#fail('expected ">"');
    this.#at++;
    const element = this.#open.pop();
    if (element?.name !== name)
      this.#fail(
        element === undefined ? `</${name}> closes nothing` : `</${name}> closes <${element.name}>`,
        offset,
      );
    element.contentEnd = offset;
    element.end = this.#at;
  }

  /** References become what they stand for; line ends and tabs in values stay as they are, which no value of ours has. */
  #resolved(written: string, start: number): string {
    let value = '';
    for (let at = 0; at < written.length;) {
      const ampersand = written.indexOf('&', at);
      if (ampersand < 0) return value + written.slice(at);
      value += written.slice(at, ampersand);
      REFERENCE.lastIndex = ampersand;
      const [all = '', decimal, hex, entity] = REFERENCE.exec(written) ?? [];
      const resolved =
        entity === undefined
          ? characterOf(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))
          : Object.hasOwn(ENTITIES, entity)
            ? ENTITIES[entity]
            : undefined;
      if (resolved === undefined) this.#fail('a reference to nothing', start + ampersand);
      value += resolved;
      at = ampersand + all.length;
    }
    return value;
  }

  /** @returns whether there was any. */
  #space(): boolean {
    SPACE.lastIndex = this.#at;
    const length = SPACE.exec(this.#text)?.[0].length ?? 0;
    this.#at += length;
    return length > 0;
  }

  #name(what: string): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0];
    if (name === undefined) this.#fail(`expected ${what}`);
    this.#at += name.length;
    return name;
  }

  #fail(why: string, offset = this.#at): never {
    throw new XmlMalformedError(this.#source, this.#text, offset, why);
  }
}

function characterOf(code: number): string | undefined {
  const known =
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x1_0000 && code <= 0x10_ffff);
  return known ? String.fromCodePoint(code) : undefined;
}

/** An element as it was read, put together from its parts. */
export function printXml(text: ByteText, element: XmlElement): ByteText {
  let printed = text.slice(element.offset, element.contentStart);
  let at = element.contentStart;
  for (const child of element.children) {
    printed += text.slice(at, child.offset) + printXml(text, child);
    at = child.end;
  }
  return printed + text.slice(at, element.contentEnd) + text.slice(element.contentEnd, element.end);
}

/** The outermost element. `source` is the file's name, for errors. @throws {XmlMalformedError} */
export function parseXml(text: ByteText, source: string): XmlElement {
  return new Scanner(text, source).document();
}
