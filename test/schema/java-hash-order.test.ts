// The orders were printed by a Java 17 HashSet of the same strings, and of their bytes in ByteBuffers.

import { describe, expect, it } from 'vitest';
import { columnHashOrder, javaHashOrder } from '../../src/node/query/ddl/java-hash-order.ts';

const RECORDED: readonly (readonly [put: string, strings: string, bytes: string])[] = [
  ['aakedsdcjp', 'aakedsdcjp', 'aakedsdcjp'],
  ['lkqy bpp ruqxuoh', 'bpp lkqy ruqxuoh', 'bpp lkqy ruqxuoh'],
  [
    [
      'ydeltxyelr qparhscoltfdmn erkpjldtuylxvg nmochztkbhdfc mbsejjrvitop rgafjmsshfkavg',
      'liuqqlnihqiu',
    ].join(' '),
    [
      'mbsejjrvitop nmochztkbhdfc rgafjmsshfkavg ydeltxyelr qparhscoltfdmn liuqqlnihqiu',
      'erkpjldtuylxvg',
    ].join(' '),
    [
      'qparhscoltfdmn ydeltxyelr rgafjmsshfkavg liuqqlnihqiu nmochztkbhdfc erkpjldtuylxvg',
      'mbsejjrvitop',
    ].join(' '),
  ],
  [
    [
      'qvz ueqftsxoffugdn ai eezjnk vrvgyfvxtumfen hyxvhfvvdw aamxx bojgle yujfvkk',
      'pyaznjjzssbxnw ncanywo qbnlseakh',
    ].join(' '),
    [
      'yujfvkk pyaznjjzssbxnw qvz ueqftsxoffugdn hyxvhfvvdw ai ncanywo aamxx qbnlseakh bojgle',
      'eezjnk vrvgyfvxtumfen',
    ].join(' '),
    [
      'ueqftsxoffugdn aamxx qvz eezjnk ai vrvgyfvxtumfen bojgle yujfvkk ncanywo hyxvhfvvdw',
      'qbnlseakh pyaznjjzssbxnw',
    ].join(' '),
  ],
  [
    [
      'cduv blmlijcawh ddqai wjofbsdtakjq odfeeu gla vtxeutahj ohelbfjv kc lficzayma wdxmo',
      'tgjsgqh ewboiufqb',
    ].join(' '),
    [
      'tgjsgqh vtxeutahj ddqai wjofbsdtakjq lficzayma cduv wdxmo ohelbfjv blmlijcawh kc',
      'ewboiufqb gla odfeeu',
    ].join(' '),
    [
      'lficzayma wdxmo blmlijcawh kc wjofbsdtakjq vtxeutahj ddqai ewboiufqb odfeeu ohelbfjv',
      'cduv gla tgjsgqh',
    ].join(' '),
  ],
  [
    [
      'cidbticxjuyj ldyhsjqqphy gng quvbj wk lzhbe e qbjjbubns rj y wodr kcwwhij ntcyyvzo',
      'fzobwwzlvppk pipwlmae csct kusywqoqejbuwn kilrv pwxhyqswsnsib lseinufw',
    ].join(' '),
    [
      'gng lseinufw e kilrv kusywqoqejbuwn ntcyyvzo pwxhyqswsnsib csct wodr wk quvbj pipwlmae',
      'lzhbe fzobwwzlvppk rj ldyhsjqqphy qbjjbubns y cidbticxjuyj kcwwhij',
    ].join(' '),
    [
      'quvbj kusywqoqejbuwn kcwwhij e csct rj qbjjbubns lseinufw wk lzhbe ntcyyvzo',
      'pwxhyqswsnsib fzobwwzlvppk cidbticxjuyj y wodr kilrv gng pipwlmae ldyhsjqqphy',
    ].join(' '),
  ],
  [
    [
      'daajmnsrb whug kowsiy wlgkrzizod nxatzqa vdedjddobe lgpttrvlrpzs sdyhivxivyiden psj',
      'vrquyaxu chms uvwsklsigti mdswio gcgnw fczsoh vk i fpgxbacewzoz xwswgqfcgegi bupmrquuqfi',
      'jkynrtumfgnkz wozyejxp gny ajo kel pozfzkm rcumtuctxjkugf x omdopwysjel dgmbgglyjzxs rg',
      'oqdaeuvu wfw utmyzdezgkfy nqg klgcvjiestjnfi k grsnfyz yjc edmsafvkahi',
    ].join(' '),
    [
      'wlgkrzizod lgpttrvlrpzs nqg psj xwswgqfcgegi wfw uvwsklsigti bupmrquuqfi sdyhivxivyiden',
      'gcgnw utmyzdezgkfy dgmbgglyjzxs kel edmsafvkahi whug mdswio kowsiy pozfzkm',
      'klgcvjiestjnfi daajmnsrb oqdaeuvu chms ajo vrquyaxu i k nxatzqa omdopwysjel wozyejxp gny',
      'grsnfyz yjc rcumtuctxjkugf fczsoh vk rg fpgxbacewzoz vdedjddobe x jkynrtumfgnkz',
    ].join(' '),
    [
      'whug jkynrtumfgnkz omdopwysjel oqdaeuvu vrquyaxu grsnfyz gcgnw vdedjddobe ajo i',
      'rcumtuctxjkugf k klgcvjiestjnfi utmyzdezgkfy daajmnsrb kowsiy mdswio wozyejxp yjc',
      'nxatzqa chms gny pozfzkm x edmsafvkahi xwswgqfcgegi nqg fczsoh bupmrquuqfi psj wfw vk rg',
      'fpgxbacewzoz kel sdyhivxivyiden dgmbgglyjzxs uvwsklsigti wlgkrzizod lgpttrvlrpzs',
    ].join(' '),
  ],
];

describe('java hash order', () => {
  it.each(RECORDED.map((row) => [row[0].split(' ').length, ...row] as const))(
    '%d names',
    (_count, put, strings, bytes) => {
      expect(javaHashOrder(put.split(' ')).join(' ')).toBe(strings);
      expect(columnHashOrder(put.split(' ')).join(' ')).toBe(bytes);
    },
  );

  it('keeps the order of insertion within a bucket', () => {
    expect(javaHashOrder(['BB', 'Aa'])).toEqual(['BB', 'Aa']);
  });
});
