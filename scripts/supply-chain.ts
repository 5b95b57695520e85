// What this project is made of, read from package-lock.json and from git alone.
//   tsx scripts/supply-chain.ts check      ends with 1 and a line for each thing that is wrong
//   tsx scripts/supply-chain.ts licences   a table of what is installed along with the server
//   tsx scripts/supply-chain.ts sbom       the same as CycloneDX 1.5 JSON
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { parseApiKey } from '../src/core/rules/api-key.js';

interface LockedPackage {
  name?: string;
  version: string;
  license?: string;
  integrity?: string;
  resolved?: string;
  dev?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
}

interface Manifest {
  name: string;
  version: string;
  license: string;
  description: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  overrides: Record<string, string>;
}

/** Licences that ask for nothing but their text and name, which npm installs along. */
const ALLOWED = new Set([
  'Apache-2.0',
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  '0BSD',
  'Unlicense',
  'CC0-1.0',
]);
/** Of tools that are run here and never given on, or that a user may install beside the server: each is looked at by name. */
const ALLOWED_TOOLS: Readonly<Record<string, string>> = {
  lightningcss: 'MPL-2.0: part of the test runner, unmodified',
  argparse: 'Python-2.0: part of the linter, a permissive licence',
  elkjs: 'EPL-2.0: part of the Prisma command line, unmodified',
  '@visx/vendor': 'MIT and ISC: part of the Prisma command line',
  'seq-queue': 'MIT by its LICENSE file, none in its package.json: part of the Prisma command line',
};
/** Programs that npm runs when it installs; each was read. */
const ALLOWED_SCRIPTS: Readonly<Record<string, string>> = {
  '@prisma/engines': 'the Prisma command line',
  prisma: 'the Prisma command line',
  esbuild: 'looks whether its program fits the machine',
};
const MOST_BYTES = 5_000_000;
const KEY = /aurra_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z\d+/]{20}/;

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> };
const packages = Object.entries(lock.packages).flatMap(([path, one]) =>
  path === ''
    ? []
    : {
        ...one,
        path,
        name: one.name ?? path.split('node_modules/').at(-1) ?? path,
        isTool: Boolean(one.dev ?? one.devOptional),
      },
);
const shipped = packages.filter(({ isTool }) => !isTool);

/** "MIT OR CC0-1.0": one of them will do. */
const isAllowed = (licence: string): boolean =>
  licence
    .replace(/^\(|\)$/g, '')
    .split(' OR ')
    .some((one) => ALLOWED.has(one));

function unpinned(): string[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };
  const exact = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;
  return Object.entries(all).flatMap(([name, version]) =>
    exact.test(version) ? [] : `${name}: ${version} is no exact version`,
  );
}

const unlicensed = (): string[] =>
  packages.flatMap(({ name, license = 'none', isTool }) => {
    const family = name.split('-')[0] ?? name;
    const isKnownTool = isTool && (name in ALLOWED_TOOLS || (family in ALLOWED_TOOLS && name.startsWith(`${family}-`)));
    return isAllowed(license) || isKnownTool ? [] : `${name}: its licence is ${license}`;
  });

const unverified = (): string[] =>
  packages.flatMap(({ name, integrity = '', resolved = 'https:', hasInstallScript }) => [
    ...(/^sha512-/.test(integrity) && resolved.startsWith('https:') ? [] : [`${name}: is not locked by a SHA-512`]),
    ...(hasInstallScript && !(name in ALLOWED_SCRIPTS) ? [`${name}: runs a program when it is installed`] : []),
  ]);

/** Committed files, and those that are about to be, that hold a key which would be taken for one of a server. */
function leaked(): string[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    encoding: 'utf8',
  }).split('\0');
  return files.flatMap((file) => {
    if (file === '' || !existsSync(file) || statSync(file).size > MOST_BYTES) return [];
    const text = readFileSync(file, 'latin1');
    const keys = (text.match(KEY) ?? []).filter((key) => parseApiKey(key) !== null);
    return [
      ...keys.map(() => `${file}: holds an API key`),
      ...(PRIVATE_KEY.test(text) ? [`${file}: holds a private key`] : []),
    ];
  });
}

const licences = (): string =>
  shipped
    .map(({ name, version, license = 'none' }) => `${name}\t${version}\t${license}`)
    .sort()
    .join('\n');

const purl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** https://cyclonedx.org/docs/1.5/json/ */
function sbom(): string {
  const licenceOf = (licence = 'none') =>
    ALLOWED.has(licence) ? [{ license: { id: licence } }] : [{ expression: licence }];
  const components = shipped.map(({ name, version, license, integrity = '' }) => ({
    type: 'library',
    'bom-ref': purl(name, version),
    name,
    version,
    purl: purl(name, version),
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') }],
    licenses: licenceOf(license),
  }));
  const { name, version, license, description } = manifest;
  const root = {
    type: 'application',
    'bom-ref': purl(name, version),
    name,
    version,
    description,
    purl: purl(name, version),
    licenses: licenceOf(license),
  };
  const unique = [...new Map(components.map((one) => [one['bom-ref'], one])).values()];
  return JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      version: 1,
      metadata: { component: root },
      components: unique,
      dependencies: dependencies(root['bom-ref']),
    },
    null,
    2,
  );
}

/** Who needs whom, as Node would find it: nearest folder first. */
function dependencies(root: string): { ref: string; dependsOn: string[] }[] {
  const byPath = new Map(shipped.map((one) => [one.path, one]));
  const find = (from: string, name: string): string[] => {
    for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const found = byPath.get(`${at === '' ? '' : `${at}/`}node_modules/${name}`);
      if (found) return [purl(found.name, found.version)];
      if (at === '') return [];
    }
  };
  const needs = (from: string, names: Record<string, string> = {}) => [
    ...new Set(Object.keys(names).flatMap((name) => find(from, name))),
  ];
  const all = new Map([[root, needs('', manifest.dependencies)]]);
  for (const one of shipped) all.set(purl(one.name, one.version), needs(one.path, one.dependencies));
  return [...all].map(([ref, dependsOn]) => ({ ref, dependsOn }));
}

switch (process.argv[2]) {
  case 'check': {
    const faults = [...unpinned(), ...unlicensed(), ...unverified(), ...leaked()];
    for (const fault of faults) console.error(fault);
    console.log(`${packages.length} packages, ${shipped.length} of them shipped: ${faults.length} faults`);
    process.exitCode = faults.length > 0 ? 1 : 0;
    break;
  }
  case 'licences':
    console.log(licences());
    break;
  case 'sbom':
    console.log(sbom());
    break;
  default:
    console.error('Usage: tsx scripts/supply-chain.ts check | licences | sbom');
    process.exitCode = 2;
}
